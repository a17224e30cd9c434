import { connect } from 'node:net'

type Served = { port: number | undefined }

/** Sends bytes as they are and returns what came back until the server closed, or answered `replies` times. */
export function exchange(server: Served, bytes: string, replies = 1): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(server.port ?? 0, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.on('data', (chunk) => {
      received += chunk.toString()
      if (received.split('\r\n\r\n').filter((part) => part.includes('HTTP/1.1 ')).length >= replies) socket.end()
    })
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
  })
}
