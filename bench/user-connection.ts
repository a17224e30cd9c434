import { asBytes, type Person } from './requests.ts'

export type Kind = 'gated GET' | 'me' | 'refresh' | 'login'

type Options = {
  port: number
  localAddress: string
  person: Person
  /** Called for each request, `ms` after it was due; with a `failure` where there was no success. */
  count: (kind: Kind, ms: number, failure?: string) => void
  /** The server or the network closed an idle connection. */
  onLost: () => void
}

/**
 * A user's kept-alive connection, with one request in progress at a time; requests that are due meanwhile wait, and
 * their wait counts. After a refresh the new tokens are used.
 */
export type UserConnection = ReturnType<typeof createUserConnection>
type Waiting = { kind: Kind; bytes: string | Buffer | null; at: number }
type Socket = Awaited<ReturnType<typeof connect>>

const headEnd = Buffer.from('\r\n\r\n')
const lengthName = /\r\ncontent-length: (\d+)/i

export function createUserConnection({ port, localAddress, person, count, onLost }: Options) {
  let socket: Socket | null = null
  let connecting = false
  let leaving = false
  let current: Waiting | null = null
  let waiting: Waiting[] | null = null
  let received: Buffer | null = null
  let gated: Buffer | null = Buffer.from(asBytes.gatedGet(person))

  const handlers = {
    data(_: unknown, chunk: Buffer) {
      const bytes: Buffer = received ? Buffer.concat([received, chunk]) : chunk
      const end = bytes.indexOf(headEnd)
      const length = end === -1 ? 0 : Number(lengthName.exec(bytes.toString('latin1', 0, end))?.[1] ?? 0)
      if (end === -1 || bytes.length < end + headEnd.length + length) {
        // Copied: the socket reuses the chunk's memory.
        received = Buffer.from(bytes)
        return
      }
      received = null
      onAnswer(statusOf(bytes), bytes, end + headEnd.length)
    },
    close: onClose,
    error: onClose,
  }

  function onAnswer(status: number, bytes: Buffer, bodyAt: number): void {
    if (!current) return
    const { kind, at } = current
    const isGood = status === 200
    count(kind, performance.now() - at, isGood ? undefined : `answered ${status}`)
    if (isGood && kind === 'refresh') {
      const { accessToken, refreshToken } = JSON.parse(bytes.toString('utf8', bodyAt)) as Person
      person = { email: person.email, accessToken, refreshToken }
      gated = Buffer.from(asBytes.gatedGet(person))
    }
    next()
  }

  function onClose(): void {
    const wasUsed = socket !== null
    socket = null
    connecting = false
    received = null
    if (current) {
      count(current.kind, 0, wasUsed ? 'the connection was closed' : 'no connection')
      next()
    } else if (wasUsed && !leaving) onLost()
  }

  function next(): void {
    current = waiting?.shift() ?? null
    if (current) send()
    else if (leaving) socket?.end()
  }

  function send(): void {
    if (!current) return
    if (!socket) {
      if (!connecting) void open()
      return
    }
    const bytes = current.bytes ?? bytesOf(current.kind)
    if (socket.write(bytes) !== bytes.length) socket.terminate()
  }

  /** Strings are ASCII here. */
  function bytesOf(kind: Kind): string | Buffer {
    if (kind === 'gated GET' && gated) return gated
    return kind === 'refresh' ? asBytes.refresh(person) : asBytes.get('/v1/me', person)
  }

  async function open(): Promise<void> {
    connecting = true
    try {
      socket = await connect(port, localAddress, handlers)
      connecting = false
      send()
    } catch {
      onClose()
    }
  }

  function askFor(kind: Kind, bytes: string | null, at: number): void {
    const one = { kind, bytes, at }
    if (current) {
      waiting ??= []
      waiting.push(one)
      return
    }
    current = one
    send()
  }

  return {
    /** @param at when it was due, by the clock of `performance.now()` */
    ask: (kind: Exclude<Kind, 'login'>, at: number): void => askFor(kind, null, at),
    askFor,
    isOpen: () => socket !== null,
    isBusy: () => current !== null,
    /** Closes the connection once all is answered. */
    leave(): void {
      leaving = true
      if (!current) socket?.end()
    },
    /** Counts unanswered requests as failures. */
    giveUp(): void {
      for (const { kind } of [...(current ? [current] : []), ...(waiting ?? [])]) count(kind, 0, 'no answer')
      current = null
      waiting = null
    },
  }
}

type Handlers = { data(socket: unknown, chunk: Buffer): void; close(): void; error(): void }

/** Bun accepts `localAddress`, which its types lack. */
function connect(port: number, localAddress: string, socket: Handlers) {
  const options = { hostname: '127.0.0.1', port, localAddress, socket }
  return Bun.connect(options)
}

/** The three digits in `HTTP/1.1 200 OK`. */
function statusOf(bytes: Buffer): number {
  return ((bytes[9] ?? 0) - 48) * 100 + ((bytes[10] ?? 0) - 48) * 10 + (bytes[11] ?? 0) - 48
}
