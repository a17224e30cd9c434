import { connect, createServer, type Socket } from 'node:net'

type Mode = 'forward' | 'stall' | 'refuse'
type Pair = {
  client: Socket
  server: Socket
  /** What it has to wait for. */
  held: (() => void)[]
  forgotten: boolean
  delayed: boolean
  /** Whether it can be broken; told by the first bytes. */
  concerned: boolean
}

export type Network = Awaited<ReturnType<typeof openProxy>>

/**
 * A network between a client and PostgreSQL, to be broken in every way that networks break; with `only`, for the
 * connections that name this application, while others are left alone.
 */
export async function openProxy(databaseUrl: string, { only }: { only?: string } = {}) {
  const target = new URL(databaseUrl)
  const pairs = new Set<Pair>()
  let mode: Mode = 'forward'

  const listener = createServer((client) => {
    const server = connect(Number(target.port), target.hostname)
    const pair: Pair = { client, server, held: [], forgotten: false, delayed: false, concerned: only === undefined }
    pairs.add(pair)
    client.once('data', (bytes) => {
      pair.concerned ||= bytes.toString('latin1').includes(`\0${only}\0`)
    })
    if (mode === 'refuse' && pair.concerned) end(pair)
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (bytes) => deliver(pair, () => to.write(bytes)))
      from.on('error', () => {})
      from.on('close', () => deliver(pair, () => leave(pair, to)))
    }
    pass(client, pair.server)
    pass(pair.server, client)
  })

  function deliver(pair: Pair, packet: () => void): void {
    if (pair.forgotten) return
    if (mode === 'refuse' && pair.concerned) end(pair)
    else if ((mode === 'stall' && pair.concerned) || pair.delayed) pair.held.push(packet)
    else packet()
  }

  /** What was sent before arrives before. */
  function leave(pair: Pair, to: Socket): void {
    pairs.delete(pair)
    to.end()
  }

  function end(pair: Pair): void {
    pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }

  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = `${typeof address === 'object' && address ? address.port : ''}`

  return {
    url: url.href,
    /** Nothing gets through and nobody is told; what was sent arrives after `heal`. */
    stall(): void {
      mode = 'stall'
    },
    /** Every connection is closed, and new ones are closed as soon as they are made. */
    refuse(): void {
      mode = 'refuse'
      for (const pair of pairs) if (pair.concerned) end(pair)
    },
    /** The connections that there are never bring anything again, as when a firewall forgets them; new ones do. */
    forget(): void {
      for (const pair of pairs) pair.forgotten = pair.concerned
    },
    /** What is sent on the connections that there are arrives after `heal`, as when it is sent again and again; new ones are well. */
    delay(): void {
      for (const pair of pairs) pair.delayed = pair.concerned
    },
    heal(): void {
      mode = 'forward'
      for (const pair of pairs) {
        pair.delayed = false
        for (const packet of pair.held.splice(0)) packet()
      }
    },
    close(): void {
      listener.close()
      for (const pair of pairs) end(pair)
    },
  }
}
