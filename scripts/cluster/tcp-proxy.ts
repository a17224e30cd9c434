import { connect, createServer, type Socket } from 'node:net'

type Mode = 'forward' | 'stall' | 'refuse' | 'lose'
/** What TCP waits at first until it sends again what was lost, in milliseconds (Linux: 200 at least); it doubles each time. */
const retransmissionMs = 200
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
  let lostShare = 0

  const listener = createServer((client) => {
    const server = connect(Number(target.port), target.hostname)
    const pair: Pair = { client, server, held: [], forgotten: false, delayed: false, concerned: only === undefined }
    pairs.add(pair)
    client.once('data', (bytes) => {
      pair.concerned ||= bytes.toString('latin1').includes(`\0${only}\0`)
    })
    if (mode === 'refuse' && pair.concerned) end(pair)
    const pass = (from: Socket, to: Socket) => {
      const retransmitted = { until: 0 }
      const send = (packet: () => void) => deliver(pair, () => retransmit(retransmitted, packet))
      from.on('data', (bytes) => send(() => to.write(bytes)))
      from.on('error', () => {})
      from.on('close', () => send(() => leave(pair, to)))
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

  /** What is lost is sent again, and arrives late; what was sent after it waits for it. */
  function retransmit(direction: { until: number }, packet: () => void): void {
    const now = performance.now()
    let lateMs = 0
    if (mode === 'lose') for (let timeout = retransmissionMs; Math.random() < lostShare; timeout *= 2) lateMs += timeout
    direction.until = Math.max(direction.until, now + lateMs)
    if (direction.until > now) setTimeout(packet, direction.until - now)
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
    /** Every connection is reset (RST), once; new ones are well. */
    reset(): void {
      for (const pair of pairs) {
        if (!pair.concerned) continue
        pairs.delete(pair)
        pair.client.resetAndDestroy()
        pair.server.resetAndDestroy()
      }
    },
    /** Loses a share of what is sent, both ways, as TCP shows it to programs: it arrives later, in order. */
    lose(share: number): void {
      mode = 'lose'
      lostShare = share
    },
    /**
     * The connections that there are never bring anything again, as when a firewall forgets them; new ones do.
     * @param noticedAfterMs when the database's system gives them up, for nobody answers its keep-alive probes; absent: never
     */
    forget({ noticedAfterMs }: { noticedAfterMs?: number } = {}): void {
      for (const pair of pairs) {
        pair.forgotten = pair.concerned
        if (noticedAfterMs !== undefined && pair.forgotten) setTimeout(() => pair.server.destroy(), noticedAfterMs)
      }
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
