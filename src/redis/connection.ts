import { RedisClient } from 'bun'
import { withTimeout } from '../async/timeout.ts'
import type { Logger } from '../log/logger.ts'
import { createWatch } from './watchdog.ts'

export type Redis = ReturnType<typeof openRedis>

type Options = {
  /** `redis://` or `rediss://` for Bun's client, with user, password and database. */
  url: string
  log: Logger
  /** Milliseconds without an answer after which Redis counts as lost. */
  timeoutMs: number
}

/** A command failed: Redis is lost, was lost meanwhile, or refused it. */
export class RedisError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'RedisError'
  }
}

/** A Lua script, and its SHA-1 for EVALSHA. */
type Script = { text: string; sha1: string }

/** A Lua script with its SHA-1, by which EVALSHA refers to it. */
export function defineScript(text: string): Script {
  return { text, sha1: new Bun.CryptoHasher('sha1').update(text).digest('hex') }
}

const connectWithinMs = 1_000
const firstPauseMs = 100
const maxPauseMs = 1_000

/**
 * Opens one connection to Redis (or Valkey). While Redis is lost every command fails at once and nothing is queued; one
 * probe reconnects with back-off, and succeeds only when Redis accepts writes. Each loss and return is logged once,
 * without the URL, which may have a password.
 */
export function openRedis({ url, log, timeoutMs }: Options) {
  const { host } = new URL(url)
  let client: RedisClient | null = null
  let watch = createWatch(timeoutMs, () => {})
  /** Null before the first connect. */
  let wasUp: boolean | null = null
  let losses = 0
  let closed = false
  let probing: Promise<void> | null = null
  let wake = Promise.withResolvers<void>()

  async function connect(): Promise<RedisClient> {
    // Bun's own reconnecting gives up after some attempts, and its offline queue has no bound.
    const candidate = new RedisClient(url, {
      autoReconnect: false,
      enableOfflineQueue: false,
      connectionTimeout: connectWithinMs,
    })
    try {
      await within(connectWithinMs + 500, candidate.connect())
      // A full Redis and a replica answer PING too: only a write by a script proves that counting works.
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
    // Rejects the commands that are waiting for an answer.
    lost?.close()
    wasUp = false
    losses++
    log.error({ redis: host, err: error }, 'Redis is lost: the auth tier is closed, the other limits are open')
    probing ??= probeUntilUp()
  }

  async function probeUntilUp(): Promise<void> {
    for (let pauseMs = firstPauseMs; !closed && !client; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
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

  /** @throws RedisError: at once while Redis is lost, or when it refuses or times out, which counts as lost */
  async function send(command: string, args: string[]): Promise<unknown> {
    const used = client
    if (!used) throw new RedisError('Redis is lost')
    try {
      return await watch(used.send(command, args))
    } catch (error) {
      // NOSCRIPT after a restart: run() sends the text again.
      if (!isUnknownScript(error)) lose(used, error)
      throw new RedisError('Redis did not do it', error)
    }
  }

  return {
    /** Connects. Resolves also when that fails; reconnecting then continues in the background. */
    start: tryToConnect,
    /** Whether Redis is connected. */
    isUp: (): boolean => client !== null,
    /** Losses since the start; a failed first connect counts as one. */
    losses: (): number => losses,
    send,
    /** Runs a script for one key. @throws RedisError as `send` does */
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

/** @throws RedisError when `answer` takes longer than `milliseconds` */
function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  return withTimeout(answer, milliseconds, (): never => {
    throw new RedisError(`no answer within ${milliseconds} ms`)
  })
}
