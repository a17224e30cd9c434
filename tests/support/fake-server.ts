import { createServer, type Socket } from 'node:net'

/** A TCP server in place of PostgreSQL that calls `onConnect` for each connection and counts them. */
export async function openFakeServer(onConnect: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  let connects = 0
  const server = createServer((socket) => {
    connects++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    onConnect(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (!address || typeof address === 'string') throw new Error('the fake server has no port')
  return {
    url: `postgres://somebody@127.0.0.1:${address.port}/anything`,
    connects: () => connects,
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
