import { afterAll } from 'bun:test'
import { type AddressInfo, connect, createServer } from 'node:net'

/**
 * A proxy to the server of `databaseUrl` that drops the settings of clients when they connect, except user and
 * database, as some poolers do.
 */
export async function openForgetfulPooler(databaseUrl: string): Promise<string> {
  const url = new URL(databaseUrl)
  const listener = createServer((client) => {
    const server = connect(Number(url.port), url.hostname)
    client.once('data', (bytes: Buffer) => {
      server.write(forget(bytes))
      client.pipe(server)
    })
    server.pipe(client)
    for (const socket of [client, server]) socket.on('error', () => {})
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  afterAll(() => void listener.close())
  const pooler = new URL(databaseUrl)
  pooler.hostname = '127.0.0.1'
  pooler.port = `${(listener.address() as AddressInfo).port}`
  return pooler.href
}

/** The start-up message (its length, the protocol, names and values) without the settings. */
function forget(bytes: Uint8Array): Uint8Array {
  const words = new TextDecoder().decode(bytes.subarray(8)).split('\0')
  const kept = []
  for (let i = 0; i + 1 < words.length && words[i]; i += 2)
    if (['user', 'database', 'application_name', 'client_encoding'].includes(words[i] ?? ''))
      kept.push(`${words[i]}\0${words[i + 1]}\0`)
  const body = new TextEncoder().encode(`${kept.join('')}\0`)
  const message = new Uint8Array(8 + body.length)
  message.set(bytes.subarray(0, 8))
  new DataView(message.buffer).setUint32(0, message.length)
  message.set(body, 8)
  return message
}
