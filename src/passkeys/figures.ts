import type { ChallengeBinding } from './challenges.ts'

type Outcome = 'accepted' | 'refused' | 'copied'

export type PasskeyFigures = ReturnType<typeof createPasskeyFigures>

/** What became of responses on this instance since its start, by what they were for. */
export function createPasskeyFigures() {
  const counts = new Map<string, { purpose: ChallengeBinding['purpose']; outcome: Outcome; count: number }>()
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
