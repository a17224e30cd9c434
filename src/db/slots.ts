import type postgres from 'postgres'
import { withTimeout } from '../async/timeout.ts'
import { AppError } from '../errors/app-error.ts'
import { connect, type DatabaseOptions } from './connect.ts'
import { wasTooLate } from './errors.ts'
import type { Recovery } from './recovery.ts'
import { cancelOf, handlerOf, type Query } from './statement.ts'

/** One connection, as a pool of one of the driver's own: it can be given up without touching any other. */
export type Slot = {
  readonly client: postgres.Sql
  readonly handler: ReturnType<typeof handlerOf>
  isOpen: boolean
  retired: boolean
  end(seconds: number): Promise<void>
}

/** The driver's own bound is 2 s, until the server is ready; what it asks then has no bound of its own. */
const connectMs = 3000
/** A cancellation that nobody takes is not waited for longer. */
const cancelMs = 2000

type Needs = { options: DatabaseOptions; max: number; recovery: Pick<Recovery, 'isAnswering' | 'confirm'> }
type Waiter = PromiseWithResolvers<Slot> & { since: number }

/**
 * Connections being opened at once. Each makes the server start a process: a wall of them keeps everybody waiting longer
 * than the few that are open take to answer all.
 */
const openingAtOnce = 2

/** `max` connections, of which those last used are used first: the others may stay closed. */
export function createSlots({ options, max, recovery }: Needs) {
  /** Writes statements, and never connects. */
  const template = connect(options, 1)
  const cancel = cancelOf(template)
  const slots = new Set(Array.from({ length: max }, create))
  const free = [...slots]
  const waiters: Waiter[] = []
  let opening = 0
  /** The client that asked for the server's array types first; all others are told. */
  let informed: postgres.Sql | undefined

  /** The driver's client is made when somebody first needs it. */
  function create(): Slot {
    let client: postgres.Sql | undefined
    let handler: Slot['handler'] | undefined
    const slot: Slot = {
      get client() {
        client ??= connectInformed(() => {
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

  function connectInformed(onclose: () => void): postgres.Sql {
    const client = connect(options, 1, onclose)
    if (informed) {
      Object.assign(client.options.parsers, informed.options.parsers)
      Object.assign(client.options.serializers, informed.options.serializers)
      client.options.fetch_types = false
    }
    return client
  }

  /** @throws the driver's error; AppError `overloaded` when others are answered and only connecting takes too long */
  async function makeReady(slot: Slot): Promise<void> {
    const start = performance.now()
    try {
      // An empty query opens the connection and is answered.
      await withTimeout(slot.client.unsafe(''), connectMs, () => {
        retire(slot)
        throw Object.assign(new Error(`no connection within ${connectMs} ms`), { code: 'CONNECT_TIMEOUT' })
      })
      slot.isOpen = true
      informed ??= slot.client
      recovery.confirm()
    } catch (error) {
      throw wasTooLate(error) && recovery.isAnswering(start) ? new AppError('overloaded', { cause: error }) : error
    }
  }

  /** Opens a connection for whoever waits by then. @throws what it failed with, and so do all who waited all the while */
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
      giveBack(slot)
      openMore()
    }
  }

  function openMore(): void {
    for (let missing = Math.min(openingAtOnce, waiters.length) - opening; missing > 0; missing--)
      void openOne().catch(() => {})
  }

  /**
   * Gives up one connection; the server rolls back what it holds. A pooler would leave the statement running, for it has
   * no timeout of ours: it is asked to cancel `under way` first.
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

  function giveBack(given: Slot): void {
    let slot = given
    if (slot.retired) {
      slots.delete(slot)
      slot = create()
      slots.add(slot)
    }
    const next = slot.isOpen ? waiters.shift() : undefined
    if (next) next.resolve(slot)
    else if (slot.isOpen) free.push(slot)
    // The open ones are taken from the end.
    else free.unshift(slot)
  }

  return {
    template,
    retire,
    /** An open connection that nobody uses: one that is open, or the first that is given back or opened. */
    take(): Slot | Promise<Slot> {
      const open = free.findLastIndex(({ isOpen }) => isOpen)
      const [slot] = open === -1 ? [] : free.splice(open, 1)
      if (slot) return slot
      const waiter = { ...Promise.withResolvers<Slot>(), since: performance.now() }
      waiters.push(waiter)
      openMore()
      return waiter.promise
    },
    giveBack,
    /** Opens connections until `count` are open, or all. @throws what one of them failed with */
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
