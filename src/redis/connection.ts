import { RedisClient } from 'bun'
import { withTimeout } from '../async/timeout.ts'
import type { Logger } from '../log/logger.ts'
import { createWatch } from './watchdog.ts'

export type Redis = ReturnType<typeof openRedis>

type Options = {
  /** `redis://` or `rediss://`, as Bun's client takes it: user, password and database included. */
  url: string
  log: Logger
  /** An answer that takes longer, in milliseconds, means that Redis is lost. */
  timeoutMs: number
}

/** A command that was not answered: Redis is lost, was lost while it waited, or refused it. */
export class RedisError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'RedisError'
  }
}

/** A Lua script, and the name that Redis gives it. */
export type Script = { text: string; sha1: string }

export function defineScript(text: string): Script {
  return { text, sha1: new Bun.CryptoHasher('sha1').update(text).digest('hex') }
}

const connectWithinMs = 1_000
const firstPauseMs = 100
const longestPauseMs = 1_000

/**
 * One connection to Redis (or Valkey) that is either known to answer or known to be lost. While it is lost every command is
 * refused at once: nothing waits, nothing is queued; a single prober connects anew, and only a Redis that takes writes
 * counts as back. Each loss and each return is logged once. The URL, which may hold a password, is never shown.
 */
export function openRedis({ url, log, timeoutMs }: Options) {
  const { host } = new URL(url)
  let client: RedisClient | null = null
  let watch = createWatch(timeoutMs, () => {})
  /** Null until it was asked for the first time. */
  let wasUp: boolean | null = null
  let losses = 0
  let closed = false
  let probing: Promise<void> | null = null
  let wake = Promise.withResolvers<void>()

  async function connect(): Promise<RedisClient> {
    // The client's own reconnecting gives up after a while, and its queue grows: ours does neither.
    const candidate = new RedisClient(url, {
      autoReconnect: false,
      enableOfflineQueue: false,
      connectionTimeout: connectWithinMs,
    })
    try {
      await within(connectWithinMs + 500, candidate.connect())
      // One that is full, or a replica, answers PING; only a write by script tells that it can count.
      await within(connectWithinMs, candidate.send('EVAL', [probe, '1', 'manas360:probe']))
      return candidate
    } catch (error) {
      candidate.close()
      throw error
    }
  }

  function gain(candidate: RedisClient): void {
    candidate.onclose = (error) => lose(candidate, error)
    watch = createWatch(timeoutMs, () => lose(candidate, new RedisError(`no answer within ${timeoutMs} ms`)))
    client = candidate
    if (wasUp === false) log.info({ redis: host }, 'Redis answers again: limits count across instances')
    wasUp = true
  }

  function lose(lost: RedisClient | null, error: unknown): void {
    if (lost !== client || closed) return
    client = null
    // What still waits for an answer is refused by this.
    lost?.close()
    wasUp = false
    losses++
    log.error({ redis: host, err: error }, 'Redis is lost: the auth tier is closed, the other limits are open')
    probing ??= probeUntilUp()
  }

  async function probeUntilUp(): Promise<void> {
    for (let pauseMs = firstPauseMs; !closed && !client; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      await pause(pauseMs * (0.5 + Math.random() / 2))
      await tryToConnect()
    }
    probing = null
  }

  async function tryToConnect(): Promise<void> {
    if (closed || client) return
    try {
      const candidate = await connect()
      if (closed) candidate.close()
      else gain(candidate)
    } catch (error) {
      if (wasUp === null) lose(null, error)
    }
  }

  async function pause(milliseconds: number): Promise<void> {
    const timer = setTimeout(wake.resolve, milliseconds)
    await wake.promise
    clearTimeout(timer)
    wake = Promise.withResolvers()
  }

  /** @throws RedisError at once while Redis is lost, or when it refuses or does not answer in time, which loses it */
  async function send(command: string, args: string[]): Promise<unknown> {
    const used = client
    if (!used) throw new RedisError('Redis is lost')
    try {
      return await watch(used.send(command, args))
    } catch (error) {
      // It has forgotten a script, as after a restart: who sent it teaches it again.
      if (!isUnknownScript(error)) lose(used, error)
      throw new RedisError('Redis did not do it', error)
    }
  }

  return {
    /** Connects once; when that fails it goes on in the background, and this resolves all the same. */
    start: tryToConnect,
    /** Whether it answered last. */
    isUp: (): boolean => client !== null,
    /** How often it was lost since the start, or not there at it. */
    losses: (): number => losses,
    send,
    /** What a script returns for one key. @throws RedisError as `send` does */
    async run({ text, sha1 }: Script, key: string, args: number[]): Promise<unknown> {
      const rest = ['1', key, ...args.map(String)]
      try {
        return await send('EVALSHA', [sha1, ...rest])
      } catch (error) {
        if (!(error instanceof RedisError && isUnknownScript(error.cause))) throw error
        return await send('EVAL', [text, ...rest])
      }
    },
    async close(): Promise<void> {
      closed = true
      client?.close()
      client = null
      wake.resolve()
      await probing
    },
  }
}

const probe = "return redis.call('SET', KEYS[1], '1', 'PX', 1000)"

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

/** @throws RedisError when `answer` does not come in time */
function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  return withTimeout(answer, milliseconds, (): never => {
    throw new RedisError(`no answer within ${milliseconds} ms`)
  })
}
