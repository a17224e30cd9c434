import type postgres from 'postgres'
import { AppError } from '../errors/app-error.ts'
import { connect, type DatabaseOptions } from './connect.ts'
import { wasTooLate } from './errors.ts'
import type { Recovery } from './recovery.ts'
import { cancelOf, handlerOf, type Query } from './statement.ts'

/** One connection, as a pool of one of the driver's own: it can be given up without touching any other. */
export type Slot = { client: postgres.Sql; handler: ReturnType<typeof handlerOf>; isOpen: boolean; retired: boolean }

/** The driver's own bound is 2 s, until the server is ready; what it asks then has no bound of its own. */
const connectMs = 3000
/** A cancellation that nobody takes is not waited for longer. */
const cancelMs = 2000

type Needs = { options: DatabaseOptions; max: number; recovery: Pick<Recovery, 'isAnswering' | 'confirm'> }

/** `max` connections, of which those last used are used first: the others may stay closed. */
export function createSlots({ options, max, recovery }: Needs) {
  /** Writes statements, and never connects. */
  const template = connect(options, 1)
  const cancel = cancelOf(template)
  const slots = new Set(Array.from({ length: max }, open))
  const free = [...slots]

  function open(): Slot {
    const client = connect(options, 1, () => {
      slot.isOpen = false
    })
    const slot: Slot = { client, handler: handlerOf(client), isOpen: false, retired: false }
    return slot
  }

  /** @throws the driver's error; AppError `overloaded` when others are answered and only connecting takes too long */
  async function makeReady(slot: Slot): Promise<void> {
    if (slot.isOpen) return
    const start = performance.now()
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      late.reject(Object.assign(new Error(`no connection within ${connectMs} ms`), { code: 'CONNECT_TIMEOUT' }))
      retire(slot)
    }, connectMs)
    try {
      // No statement: it opens the connection and is answered, and that is all.
      await Promise.race([slot.client.unsafe(''), late.promise])
      slot.isOpen = true
      recovery.confirm()
    } catch (error) {
      throw wasTooLate(error) && recovery.isAnswering(start) ? new AppError('overloaded', { cause: error }) : error
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Gives up one connection; the server rolls back what it holds. A pooler would leave the statement running, for it has
   * no timeout of ours: it is asked to cancel `under way` first.
   */
  function retire(slot: Slot, underWay?: Query): void {
    if (slot.retired) return
    slot.retired = true
    const ended = () => slot.client.end({ timeout: 0 }).catch(() => {})
    if (options.connectionParameters === false && underWay?.active) {
      const cancelled = cancel(underWay).catch(() => {})
      void Promise.race([cancelled, Bun.sleep(cancelMs)]).then(ended)
    } else void ended()
  }

  function giveBack(slot: Slot): void {
    if (!slot.retired) return void free.push(slot)
    const fresh = open()
    slots.delete(slot)
    slots.add(fresh)
    free.push(fresh)
  }

  return {
    template,
    makeReady,
    retire,
    /** A connection that nobody uses, an open one if there is any. There must be one: the gate counts them. */
    take(): Slot {
      const open = free.findLastIndex(({ isOpen }) => isOpen)
      const [slot] = free.splice(open, 1) // -1 is the last of all
      if (!slot) throw new Error('more use the pool than it has connections')
      return slot
    },
    giveBack,
    /** Opens `count` connections at once, or all. @throws what one of them failed with */
    async open(count: number): Promise<void> {
      const opening = free.slice(-Math.min(count, max))
      const failed = (await Promise.allSettled(opening.map(makeReady))).find(({ status }) => status === 'rejected')
      for (const slot of opening)
        if (slot.retired && free.includes(slot)) free.splice(free.indexOf(slot), 1).map(giveBack)
      if (failed?.status === 'rejected') throw failed.reason
    },
    async close(seconds: number): Promise<void> {
      await Promise.all(
        [template, ...[...slots].map(({ client }) => client)].map((client) => client.end({ timeout: seconds })),
      )
    },
  }
}
