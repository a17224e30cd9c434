import { createDurations } from '../metrics/durations.ts'

/**
 * Bounds of the histogram in milliseconds, up to a day: usually seconds, longer while the mail server is unavailable.
 */
export const delayBounds = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400].map((seconds) => seconds * 1_000)

type Outcome = 'sent' | 'postponed' | 'failed' | 'dropped'

/** Counts the outcomes of mails on this instance, for /metrics. */
export function createMailFigures() {
  const outcomes: Record<Outcome, number> = { sent: 0, postponed: 0, failed: 0, dropped: 0 }
  let state: 'well' | 'server' | 'configuration' = 'well'
  const delays = { requested: createDurations(delayBounds), notice: createDurations(delayBounds) }
  return {
    /** Delays from queueing to acceptance by the mail server; notices of a kind wait to be combined. */
    delays,
    count(outcome: Outcome, mails = 1): void {
      outcomes[outcome] += mails
    },
    outcomes: (): Readonly<Record<Outcome, number>> => outcomes,
    /** The state of the mail server as of the last mail; `configuration` needs an operator. */
    state: () => state,
    /** @returns whether the state changed */
    setState(next: typeof state): boolean {
      const isNews = next !== state
      state = next
      return isNews
    },
  }
}
