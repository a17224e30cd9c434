/** The longest round trip of a reading in milliseconds; slower readings are too inexact and are ignored. */
const maxRoundTripMs = 1_000

/**
 * The database's time in epoch milliseconds. Tokens are issued and verified by it, so that instances whose own clocks
 * differ still agree. Between readings it advances with the monotonic clock: a step of the host's clock neither revives
 * nor expires tokens.
 */
export function createClock() {
  let offsetMs = Date.now() - performance.now()
  return {
    now: (): number => performance.now() + offsetMs,
    /** Sets the clock: the database's time, and `performance.now()` before the query and after the answer. */
    set(databaseMs: number, askedAt: number, answeredAt: number): void {
      if (answeredAt - askedAt <= maxRoundTripMs) offsetMs = databaseMs - (askedAt + answeredAt) / 2
    },
  }
}
