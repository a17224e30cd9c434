import { connect, createServer, type Socket } from 'node:net'

type Mode = 'forward' | 'stall' | 'refuse' | 'lose'
/** The first retransmission timeout of TCP, in milliseconds (Linux: 200 at least); it doubles each time. */
const retransmissionMs = 200
type Pair = {
  client: Socket
  server: Socket
  /** Packets that wait. */
  held: (() => void)[]
  forgotten: boolean
  delayed: boolean
  /** Whether faults apply to it; decided by its first bytes. */
  concerned: boolean
}

export type Network = Awaited<ReturnType<typeof openProxy>>

/**
 * A proxy between clients and PostgreSQL that simulates faults of the network; with `only`, on connections with this
 * application name.
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

  /** A lost packet is sent again and arrives late; later packets wait for it. */
  function retransmit(direction: { until: number }, packet: () => void): void {
    const now = performance.now()
    let lateMs = 0
    if (mode === 'lose') for (let timeout = retransmissionMs; Math.random() < lostShare; timeout *= 2) lateMs += timeout
    direction.until = Math.max(direction.until, now + lateMs)
    if (direction.until > now) setTimeout(packet, direction.until - now)
    else packet()
  }

  /** Keeps the order: earlier packets arrive first. */
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
    /** Nothing is delivered and no connection is closed; packets arrive after `heal`. */
    stall(): void {
      mode = 'stall'
    },
    /** Every connection is closed, and new ones are closed as soon as they are made. */
    refuse(): void {
      mode = 'refuse'
      for (const pair of pairs) if (pair.concerned) end(pair)
    },
    /** Every present connection is reset (RST); new ones work. */
    reset(): void {
      for (const pair of pairs) {
        if (!pair.concerned) continue
        pairs.delete(pair)
        pair.client.resetAndDestroy()
        pair.server.resetAndDestroy()
      }
    },
    /** Loses a share of the packets, both ways. Programs see them late, in order, as with TCP. */
    lose(share: number): void {
      mode = 'lose'
      lostShare = share
    },
    /**
     * The present connections never deliver anything again, as when a firewall forgets them; new ones work.
     * @param noticedAfterMs when the database's system closes them, because its keep-alive probes are not answered;
     *   absent: never
     */
    forget({ noticedAfterMs }: { noticedAfterMs?: number } = {}): void {
      for (const pair of pairs) {
        pair.forgotten = pair.concerned
        if (noticedAfterMs !== undefined && pair.forgotten) setTimeout(() => pair.server.destroy(), noticedAfterMs)
      }
    },
    /** Packets on the present connections arrive after `heal`, as after retransmissions; new ones work. */
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
