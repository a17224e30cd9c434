import { connect, createServer, type Socket } from 'node:net'

type Side = 'client' | 'server'
type Pair = { client: Socket; server: Socket; application: string; trips: number; lastHeard: Side }

export type Distance = Awaited<ReturnType<typeof openDistance>>

/**
 * A proxy to PostgreSQL that delays every packet by `oneWayMs` and counts round trips: each time that the client sends
 * something after it has received something. Statements that are sent without waiting are one trip.
 */
export async function openDistance(databaseUrl: string, oneWayMs: number) {
  const target = new URL(databaseUrl)
  const pairs = new Set<Pair>()

  const listener = createServer((client) => {
    const server = connect(Number(target.port), target.hostname)
    client.setNoDelay(true)
    server.setNoDelay(true)
    const pair: Pair = { client, server, application: '', trips: 0, lastHeard: 'server' }
    pairs.add(pair)
    client.once('data', (bytes) => {
      pair.application = /\0application_name\0([^\0]*)\0/.exec(bytes.toString('latin1'))?.[1] ?? ''
    })
    client.on('data', (bytes) => {
      if (pair.lastHeard === 'server') pair.trips++
      pair.lastHeard = 'client'
      later(() => server.write(bytes))
    })
    server.on('data', (bytes) =>
      later(() => {
        pair.lastHeard = 'server'
        client.write(bytes)
      }),
    )
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', () => {})
      from.on('close', () => later(() => to.end()))
    }
  })

  /** Timers of one length fire in the order in which they were set. */
  function later(deliver: () => void): void {
    setTimeout(deliver, oneWayMs)
  }

  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = `${typeof address === 'object' && address ? address.port : ''}`
  return {
    url: url.href,
    /** The round trips so far on all connections with that application name, which connections send when they open. */
    roundTrips: (application: string): number =>
      [...pairs].reduce((sum, pair) => sum + (pair.application === application ? pair.trips : 0), 0),
    close(): void {
      listener.close()
      for (const { client, server } of pairs) {
        client.destroy()
        server.destroy()
      }
    },
  }
}
