/** The states of a subscription. Every state but `expired` grants rights until the period ends. */
export type Status = 'trialing' | 'active' | 'past_due' | 'cancelled' | 'expired'

/**
 * The events of a subscription. `convert`: a trial becomes paid. `change`: another plan, interval or price replaces the current one, at
 * once or as scheduled.
 */
export type Event = 'convert' | 'renew' | 'fail' | 'change' | 'cancel' | 'resume' | 'resumeTrial' | 'end'

/** The state machine: an event that is not listed is not allowed in that state. */
const transitions: Record<Status, Partial<Record<Event, Status>>> = {
  trialing: { convert: 'active', change: 'trialing', cancel: 'cancelled', end: 'expired' },
  active: { renew: 'active', fail: 'past_due', change: 'active', cancel: 'cancelled', end: 'expired' },
  past_due: { renew: 'active', change: 'past_due', cancel: 'cancelled', end: 'expired' },
  cancelled: { resume: 'active', resumeTrial: 'trialing', change: 'cancelled', end: 'expired' },
  expired: {},
}

/** The states in which a subscription gives its plan's rights. */
export type LiveStatus = Exclude<Status, 'expired'>

/** The events from a stored state to the provider's: several where webhooks were missed; empty where nothing changed. */
const ways: Record<LiveStatus, Record<LiveStatus, readonly Event[]>> = {
  trialing: { trialing: [], active: ['convert'], past_due: ['convert', 'fail'], cancelled: ['cancel'] },
  active: { trialing: [], active: [], past_due: ['fail'], cancelled: ['cancel'] },
  past_due: { trialing: ['renew'], active: ['renew'], past_due: [], cancelled: ['cancel'] },
  cancelled: { trialing: ['resumeTrial'], active: ['resume'], past_due: ['resume', 'fail'], cancelled: [] },
}

/**
 * The events that lead from one state to another. An `active` or `past_due` subscription never becomes `trialing`: where a provider says
 * so, it is `active`.
 */
export function eventsBetween(from: LiveStatus, to: LiveStatus): readonly Event[] {
  return ways[from][to]
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
