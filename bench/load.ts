import { percentile } from './statistics.ts'

/**
 * The load generator, a process of its own: `bun bench/load.ts` reads a Load as JSON and prints an Outcome. Raw
 * sockets, kept alive, with one request in progress on each; the bytes of the requests are made beforehand.
 */
export type Load = {
  port: number
  connections: number
  seconds: number
  /** Requests as bytes, sent in turn. */
  requests: string[]
  /**
   * Requests per second, sent when they are due whatever the answers; absent: each connection sends the next request
   * after an answer.
   */
  rate?: number
  /** The `refreshToken` of an answer makes the connection's next request. */
  rotating?: boolean
}

/**
 * Milliseconds are counted from when a request was due, not from when it could be sent: a stall counts for all waiting
 * requests.
 */
export type Outcome = {
  answered: number
  failed: number
  seconds: number
  perSecond: number
  p50: number
  p95: number
  p99: number
  max: number
}

type Connection = {
  send(bytes: string | Buffer, onAnswer: (status: number, body: string) => void): void
  close(): void
}

const headEnd = Buffer.from('\r\n\r\n')
const lengthName = /content-length: (\d+)/i

async function connect(port: number, wantsBody: boolean): Promise<Connection> {
  let received: Buffer | null = null
  let lastLength = 0
  let answer: (status: number, body: string) => void = () => {}
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data(_socket, chunk) {
        // Most answers are as long as the one before. Without a closer look one core can send more than another can
        // answer.
        if (chunk.length === lastLength && !wantsBody) return answer(statusOf(chunk), '')
        const bytes: Buffer = received ? Buffer.concat([received, chunk]) : chunk
        const end = bytes.indexOf(headEnd)
        const head = end === -1 ? '' : bytes.toString('latin1', 0, end)
        const total = end + headEnd.length + Number(lengthName.exec(head)?.[1] ?? 0)
        if (end === -1 || bytes.length < total) {
          // Copied: the socket reuses the chunk's memory.
          received = Buffer.from(bytes)
          return
        }
        received = null
        lastLength = bytes.length
        answer(statusOf(bytes), wantsBody ? bytes.toString('utf8', end + headEnd.length, total) : '')
      },
      close: () => answer(0, ''),
      error: () => answer(0, ''),
    },
  })
  return {
    send(bytes, onAnswer) {
      answer = onAnswer
      socket.write(bytes)
    },
    close: () => socket.end(),
  }
}

/** The three digits in `HTTP/1.1 200 OK`. */
function statusOf(bytes: Buffer): number {
  return ((bytes[9] ?? 0) - 48) * 100 + ((bytes[10] ?? 0) - 48) * 10 + (bytes[11] ?? 0) - 48
}

/** Every connection sends its next request after an answer: measures the highest throughput. */
async function closedLoop(load: Load, connections: Connection[]): Promise<Outcome> {
  const latencies: number[] = []
  const requests = load.requests.map((request) => Buffer.from(request))
  let failed = 0
  const start = performance.now()
  const endsAt = start + load.seconds * 1000
  await Promise.all(
    connections.map((connection, index) => {
      let turn = index
      let request: string | Buffer = requests[turn % requests.length] ?? ''
      return new Promise<void>((resolve) => {
        let sentAt = performance.now()
        function onAnswer(status: number, body: string): void {
          const now = performance.now()
          if (status >= 200 && status < 300) latencies.push(now - sentAt)
          else failed++
          if (now >= endsAt || status === 0) {
            resolve()
            return
          }
          turn += load.connections
          if (!load.rotating) request = requests[turn % requests.length] ?? ''
          else if (status === 200) request = withToken(request.toString(), body)
          sentAt = now
          connection.send(request, onAnswer)
        }
        connection.send(request, onAnswer)
      })
    }),
  )
  return outcome(latencies, failed, start)
}

/** Requests are sent when they are due; one that finds every connection busy waits, and its wait counts. */
async function openLoop(load: Load, rate: number, connections: Connection[]): Promise<Outcome> {
  const latencies: number[] = []
  const idle = [...connections]
  const due: number[] = []
  const requests = load.requests.map((request) => Buffer.from(request))
  const total = Math.floor(rate * load.seconds)
  let scheduled = 0
  let failed = 0
  const start = performance.now()
  const { promise, resolve } = Promise.withResolvers<void>()
  function sendDue(): void {
    while (due.length > 0) {
      // In turn: the server closes a connection that is idle for ten seconds.
      const connection = idle.shift()
      const at = due[0]
      if (!connection || at === undefined) return
      due.shift()
      connection.send(requests[scheduled % requests.length] ?? '', (status) => {
        if (status === 200) latencies.push(performance.now() - at)
        else failed++
        idle.push(connection)
        if (latencies.length + failed === total) return resolve()
        sendDue()
      })
    }
  }
  const timer = setInterval(() => {
    for (const now = performance.now(); scheduled < total && start + (scheduled * 1000) / rate <= now; scheduled++)
      due.push(start + (scheduled * 1000) / rate)
    sendDue()
  }, 1)
  await Promise.race([promise, Bun.sleep(load.seconds * 1000 + 10_000)])
  clearInterval(timer)
  return outcome(latencies, failed + (total - latencies.length - failed), start)
}

function withToken(request: string, body: string): string {
  const head = request.slice(0, request.indexOf('\r\n\r\n')).replace(/content-length: \d+/, 'content-length: ')
  const next = JSON.stringify({ refreshToken: (JSON.parse(body) as { refreshToken: string }).refreshToken })
  return `${head.replace('content-length: ', `content-length: ${next.length}`)}\r\n\r\n${next}`
}

function outcome(latencies: number[], failed: number, start: number): Outcome {
  const seconds = (performance.now() - start) / 1000
  return {
    answered: latencies.length,
    failed,
    seconds,
    perSecond: latencies.length / seconds,
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
    p99: percentile(latencies, 0.99),
    max: percentile(latencies, 1),
  }
}

if (import.meta.main) {
  const load: Load = await Bun.stdin.json()
  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => connect(load.port, load.rotating ?? false)),
  )
  const result = await (load.rate === undefined
    ? closedLoop(load, connections)
    : openLoop(load, load.rate, connections))
  process.stdout.write(`${JSON.stringify(result)}\n`)
  process.exit(0)
}
