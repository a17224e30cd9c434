import type postgres from 'postgres'
import { withTimeout } from '../async/timeout.ts'
import { AppError } from '../errors/app-error.ts'
import { connect, connectSeconds, type DatabaseOptions } from './connect.ts'
import { wasTooLate } from './errors.ts'
import type { Recovery } from './recovery.ts'
import { cancelOf, handlerOf, type Query } from './statement.ts'

/** One connection: a driver pool of size one, which can be closed without touching others. */
export type Slot = {
  readonly client: postgres.Sql
  readonly handler: ReturnType<typeof handlerOf>
  isOpen: boolean
  retired: boolean
  end(seconds: number): Promise<void>
}

/** The longest wait for a cancel request. */
const cancelMs = 2000

type Options = { options: DatabaseOptions; max: number; recovery: Pick<Recovery, 'isAnswering' | 'confirm'> }
type Waiter = PromiseWithResolvers<Slot> & { since: number }

/**
 * How many connections open at once. For each the server forks a process: many at once take longer than the few open
 * connections need to serve all waiters.
 */
const openingAtOnce = 2

/** `max` connections, most recently used first, so that idle ones may stay closed. */
export function createSlots({ options, max, recovery }: Options) {
  /** Builds statements; never connects. */
  const template = connect(options, 1)
  const cancel = cancelOf(template)
  /** The driver's own timeout ends when the server is ready, and does not cover the first queries. */
  const connectMs = connectSeconds(options) * 1000 + 1000
  const slots = new Set(Array.from({ length: max }, create))
  const free = [...slots]
  const waiters: Waiter[] = []
  let opening = 0
  /** The first client that fetched the server's array types; the others copy them. */
  let typed: postgres.Sql | undefined

  /** The driver's client is created when first needed. */
  function create(): Slot {
    let client: postgres.Sql | undefined
    let handler: Slot['handler'] | undefined
    const slot: Slot = {
      get client() {
        client ??= connectWithTypes(() => {
          slot.isOpen = false
        })
        return client
      },
      get handler() {
        handler ??= handlerOf(slot.client)
        return handler
      },
      isOpen: false,
      retired: false,
      end: async (seconds) => client?.end({ timeout: seconds }),
    }
    return slot
  }

  function connectWithTypes(onclose: () => void): postgres.Sql {
    const client = connect(options, 1, onclose)
    if (typed) {
      Object.assign(client.options.parsers, typed.options.parsers)
      Object.assign(client.options.serializers, typed.options.serializers)
      client.options.fetch_types = false
    }
    return client
  }

  /**
   * @throws the driver's error; AppError `overloaded` when only connecting takes too long and other connections get
   *   answers
   */
  async function makeReady(slot: Slot): Promise<void> {
    const start = performance.now()
    try {
      // An empty query opens the connection and is answered.
      await withTimeout(slot.client.unsafe(''), connectMs, () => {
        retire(slot)
        throw Object.assign(new Error(`no connection within ${connectMs} ms`), { code: 'CONNECT_TIMEOUT' })
      })
      slot.isOpen = true
      typed ??= slot.client
      recovery.confirm()
    } catch (error) {
      throw wasTooLate(error) && recovery.isAnswering(start) ? new AppError('overloaded', { cause: error }) : error
    }
  }

  /** Opens a connection for the next waiter. On failure throws, and rejects all who have waited since its start. */
  async function openOne(): Promise<void> {
    const closed = free.findLastIndex(({ isOpen }) => !isOpen)
    const [slot] = closed === -1 ? [] : free.splice(closed, 1)
    if (!slot) return
    const start = performance.now()
    opening++
    try {
      await makeReady(slot)
    } catch (error) {
      const failed = waiters.filter(({ since }) => since <= start)
      waiters.splice(0, failed.length)
      for (const { reject } of failed) reject(error)
      throw error
    } finally {
      opening--
      release(slot)
      openMore()
    }
  }

  function openMore(): void {
    for (let missing = Math.min(openingAtOnce, waiters.length) - opening; missing > 0; missing--)
      void openOne().catch(() => {})
  }

  /**
   * Closes one connection; the server rolls back its transaction. Behind a pooler the statement would keep running
   * without our timeout, so it is cancelled first.
   */
  function retire(slot: Slot, underWay?: Query): void {
    if (slot.retired) return
    slot.retired = true
    const ended = () => slot.end(0).catch(() => {})
    if (options.connectionParameters === false && underWay?.active) {
      const cancelled = cancel(underWay).catch(() => {})
      void withTimeout(cancelled, cancelMs, () => {}).then(ended)
    } else void ended()
  }

  function release(given: Slot): void {
    let slot = given
    if (slot.retired) {
      slots.delete(slot)
      slot = create()
      slots.add(slot)
    }
    const next = slot.isOpen ? waiters.shift() : undefined
    if (next) next.resolve(slot)
    else if (slot.isOpen) free.push(slot)
    // Open connections are taken from the end.
    else free.unshift(slot)
  }

  return {
    template,
    retire,
    /** Takes a free open connection, or the next that is released or opened. */
    take(): Slot | Promise<Slot> {
      const open = free.findLastIndex(({ isOpen }) => isOpen)
      const [slot] = open === -1 ? [] : free.splice(open, 1)
      if (slot) return slot
      const waiter = { ...Promise.withResolvers<Slot>(), since: performance.now() }
      waiters.push(waiter)
      openMore()
      return waiter.promise
    },
    release,
    /** Opens connections until `count` are open, or all. @throws the error of one that failed */
    async open(count: number): Promise<void> {
      let missing = Math.min(count, max) - [...slots].filter(({ isOpen }) => isOpen).length
      const open = async (): Promise<void> => {
        while (missing-- > 0) await openOne()
      }
      await Promise.all(Array.from({ length: openingAtOnce }, open))
    },
    async close(seconds: number): Promise<void> {
      await Promise.all([template.end({ timeout: seconds }), ...[...slots].map(({ end }) => end(seconds))])
    },
  }
}
