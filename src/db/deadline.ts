import { withTimeout } from '../async/timeout.ts'
import { AppError } from '../errors/app-error.ts'
import { createDurations } from '../metrics/durations.ts'
import type { DatabaseOptions } from './connect.ts'
import { isAnswer } from './errors.ts'
import type { Recovery } from './recovery.ts'
import type { Slot } from './slots.ts'
import type { Query } from './statement.ts'
import { oneLine } from './statement-span.ts'
import type { Writability } from './writability.ts'

/** The wait in milliseconds beyond the server's own statement timeout. */
const graceMs = 1000
/** A last wait in milliseconds, for answers that arrived while this process was stopped. */
const lastLookMs = 20

type Options = {
  options: DatabaseOptions
  recovery: Pick<Recovery, 'isAnswering' | 'confirm' | 'late'>
  writability: Pick<Writability, 'note'>
  retire: (slot: Slot, underWay?: Query) => void
}

/** Enforces a deadline on every answer of the server (statement timeout + 1 s), and reports slow statements. */
export function createDeadline({ options, recovery, writability, retire }: Options) {
  const deadlineMs = options.statementTimeoutMs + graceMs
  const counts = { slowQueries: 0, recycles: 0 }
  const durations = createDurations()

  /** Gives up the connection whose answer is late; the server rolls back its transaction. */
  function giveUp(slot: Slot, since: number, sent: Query | undefined): AppError {
    const cause = new Error(`no answer within ${deadlineMs} ms`)
    const error = new AppError(recovery.isAnswering(since) ? 'deadline-exceeded' : 'database-unavailable', { cause })
    if (!slot.retired) counts.recycles++
    retire(slot, sent)
    recovery.late(error)
    return error
  }

  /**
   * @throws AppError after the deadline: `deadline-exceeded`, or `database-unavailable` if no statement at all was
   *   answered meanwhile
   */
  async function answered<T>(slot: Slot, answer: PromiseLike<T>, text: string | Query): Promise<T> {
    const start = performance.now()
    const sent = typeof text === 'string' ? undefined : text
    const onLate = (): never => {
      throw giveUp(slot, start, sent)
    }
    try {
      const value = await withTimeout(answer, deadlineMs, () => withTimeout(answer, lastLookMs, onLate))
      recovery.confirm()
      return value
    } catch (error) {
      if (isAnswer(error)) recovery.confirm()
      writability.note(error)
      throw error
    } finally {
      const milliseconds = performance.now() - start
      durations.observe(milliseconds)
      if (milliseconds >= options.slowQueryMs) {
        counts.slowQueries++
        const statement = oneLine(typeof text === 'string' ? text : (text.string ?? ''))
        options.onSlow({ milliseconds: Math.round(milliseconds), statement })
      }
    }
  }

  return { answered, counts, durations }
}
