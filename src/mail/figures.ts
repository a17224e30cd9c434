type Outcome = 'sent' | 'postponed' | 'failed' | 'dropped'

export type MailFigures = ReturnType<typeof createMailFigures>

/** Counts the outcomes of mails on this instance, for /metrics. */
export function createMailFigures() {
  const outcomes: Record<Outcome, number> = { sent: 0, postponed: 0, failed: 0, dropped: 0 }
  let state: 'well' | 'server' | 'configuration' = 'well'
  return {
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
