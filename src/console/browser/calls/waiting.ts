import { createStore } from '../store.ts'

/** How many calls wait for the rate limit, and the longest wait in seconds. */
export const waiting = createStore<{ calls: number; seconds: number }>({ calls: 0, seconds: 0 })

/** Waits `ms` milliseconds and counts the wait in `waiting`, which the frame shows. */
export async function waitVisibly(ms: number): Promise<void> {
  const { calls, seconds } = waiting.get()
  waiting.set({ calls: calls + 1, seconds: Math.max(seconds, Math.ceil(ms / 1000)) })
  await new Promise((resolve) => setTimeout(resolve, ms))
  const left = waiting.get().calls - 1
  waiting.set({ calls: left, seconds: left === 0 ? 0 : waiting.get().seconds })
}
