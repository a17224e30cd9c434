type Outcome = 'sent' | 'postponed' | 'failed' | 'dropped'

export type MailFigures = ReturnType<typeof createMailFigures>

/** What became of mails on this instance since its start, for /metrics. */
export function createMailFigures() {
  const outcomes: Record<Outcome, number> = { sent: 0, postponed: 0, failed: 0, dropped: 0 }
  let state: 'well' | 'server' | 'configuration' = 'well'
  return {
    count(outcome: Outcome, mails = 1): void {
      outcomes[outcome] += mails
    },
    outcomes: (): Readonly<Record<Outcome, number>> => outcomes,
    /** How the last mail fared with the server: `configuration` is for an operator to mend. */
    state: () => state,
    /** @returns whether that is news */
    setState(next: typeof state): boolean {
      const isNews = next !== state
      state = next
      return isNews
    },
  }
}
