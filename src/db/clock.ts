export type Clock = ReturnType<typeof createClock>

/** A longer answer tells the time too vaguely. */
const VagueMs = 1_000

/**
 * The database's time in epoch milliseconds: what tokens are dated and judged by, so that instances whose clocks disagree
 * still agree with one another. It goes on from the last reading by the monotonic clock: a step of the host's own clock
 * neither revives tokens nor ends them.
 */
export function createClock() {
  let offsetMs = Date.now() - performance.now()
  return {
    now: (): number => performance.now() + offsetMs,
    /** `databaseMs` was the database's time at some moment between two of `performance.now()`. */
    set(databaseMs: number, askedAt: number, answeredAt: number): void {
      if (answeredAt - askedAt <= VagueMs) offsetMs = databaseMs - (askedAt + answeredAt) / 2
    },
  }
}
