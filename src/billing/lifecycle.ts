/** The states of a subscription. Rights last until the period's end in every state but `expired`. */
export type Status = 'trialing' | 'active' | 'past_due' | 'cancelled' | 'expired'

/**
 * The events of a subscription. `convert`: what was tried is paid. `change`: another plan, interval or price takes the place
 * of the one before, at once or as it was planned.
 */
export type Event = 'convert' | 'renew' | 'fail' | 'change' | 'cancel' | 'resume' | 'resumeTrial' | 'end'

/** The state machine: events that are missing here cannot happen in that state. */
const transitions: Record<Status, Partial<Record<Event, Status>>> = {
  trialing: { convert: 'active', change: 'trialing', cancel: 'cancelled', end: 'expired' },
  active: { renew: 'active', fail: 'past_due', change: 'active', cancel: 'cancelled', end: 'expired' },
  past_due: { renew: 'active', change: 'past_due', cancel: 'cancelled', end: 'expired' },
  cancelled: { resume: 'active', resumeTrial: 'trialing', change: 'cancelled', end: 'expired' },
  expired: {},
}

/** The states in which a subscription gives its plan's rights. */
export type Living = Exclude<Status, 'expired'>

/** What a provider says is so; of what was not heard meanwhile, the events that lead there. Empty: nothing happened. */
const ways: Record<Living, Record<Living, readonly Event[]>> = {
  trialing: { trialing: [], active: ['convert'], past_due: ['convert', 'fail'], cancelled: ['cancel'] },
  active: { trialing: [], active: [], past_due: ['fail'], cancelled: ['cancel'] },
  past_due: { trialing: ['renew'], active: ['renew'], past_due: [], cancelled: ['cancel'] },
  cancelled: { trialing: ['resumeTrial'], active: ['resume'], past_due: ['resume', 'fail'], cancelled: [] },
}

/**
 * The events that lead from one state to another. What was paid is not tried afterwards: a provider that says so is believed
 * about all but the word.
 */
export function eventsBetween(from: Living, to: Living): readonly Event[] {
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
