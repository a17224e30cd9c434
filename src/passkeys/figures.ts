import type { ChallengeBinding } from './challenges.ts'

const purposes = ['sign-in', 'register', 'mfa', 'reauthenticate'] as const satisfies ChallengeBinding['purpose'][]
const outcomes = ['accepted', 'refused', 'copied'] as const
type Outcome = (typeof outcomes)[number]
type Counted = { purpose: ChallengeBinding['purpose']; outcome: Outcome; count: number }

export type PasskeyFigures = ReturnType<typeof createPasskeyFigures>

/** Counts of responses on this instance since its start, by purpose and outcome. */
export function createPasskeyFigures() {
  const counts = new Map<string, Counted>(
    // Starts at 0, so that Prometheus sees the first count as an increase.
    purposes.flatMap((purpose) =>
      outcomes.map((outcome) => [`${purpose} ${outcome}`, { purpose, outcome, count: 0 }] as const),
    ),
  )
  return {
    count(purpose: ChallengeBinding['purpose'], outcome: Outcome): void {
      const key = `${purpose} ${outcome}`
      const counted = counts.get(key) ?? { purpose, outcome, count: 0 }
      counted.count++
      counts.set(key, counted)
    },
    read: () => [...counts.values()],
  }
}
