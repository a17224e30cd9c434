/** The states of a subscription. Rights last until the period's end in every state but `expired`. */
export type Status = 'trialing' | 'active' | 'past_due' | 'cancelled' | 'expired'

/** The events of a subscription. */
export type Event = 'convert' | 'renew' | 'fail' | 'cancel' | 'resume' | 'resumeTrial' | 'end'

/** The state machine: events that are missing here cannot happen in that state. */
const transitions: Record<Status, Partial<Record<Event, Status>>> = {
  trialing: { convert: 'active', cancel: 'cancelled', end: 'expired' },
  active: { renew: 'active', fail: 'past_due', cancel: 'cancelled', end: 'expired' },
  past_due: { renew: 'active', cancel: 'cancelled', end: 'expired' },
  cancelled: { resume: 'active', resumeTrial: 'trialing', end: 'expired' },
  expired: {},
}

/** The state that follows, or null when the event cannot happen in this one. */
export function next(status: Status, event: Event): Status | null {
  return transitions[status][event] ?? null
}

/**
 * The end of the n-th period counted from its anchor, in UTC: from 31 January by month come 28 (or 29) February, 31 March,
 * 30 April. Counted from the anchor each time, so that a short month does not shorten those after it.
 */
export function periodEnd(anchor: Date, interval: 'month' | 'year', periods: number): Date {
  const months = anchor.getUTCMonth() + periods * (interval === 'month' ? 1 : 12)
  const lastDay = new Date(Date.UTC(anchor.getUTCFullYear(), months + 1, 0)).getUTCDate()
  const end = new Date(anchor)
  end.setUTCFullYear(anchor.getUTCFullYear(), months, Math.min(anchor.getUTCDate(), lastDay))
  return end
}
