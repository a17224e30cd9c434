/** The values of `#error`. */
const errorCodes = [
  'access-denied',
  'provider-error',
  'email-unverified',
  'identity-conflict',
  'expired',
  'account-unavailable',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** How a callback ended: with a code for the app, or with an error. */
export type CallbackOutcome = 'code' | ErrorCode

/** Counts since the start, by configured provider and outcome. */
export function createOutcomes() {
  const counts = new Map<string, Map<CallbackOutcome, number>>()
  return {
    count(providerId: string, outcome: CallbackOutcome): void {
      const own = counts.get(providerId) ?? new Map<CallbackOutcome, number>()
      counts.set(providerId, own.set(outcome, (own.get(outcome) ?? 0) + 1))
    },
    all: (): [providerId: string, outcome: CallbackOutcome, count: number][] =>
      [...counts].flatMap(([id, own]) =>
        [...own].map(([outcome, count]) => [id, outcome, count] as [string, CallbackOutcome, number]),
      ),
  }
}
