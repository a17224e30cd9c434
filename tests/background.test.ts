import { afterEach, beforeEach, expect, jest, test } from 'bun:test'
import { startBackground } from '../src/background.ts'
import type { OpenDeps } from '../src/services.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

/** Deps of which any use is noted. */
function watchedDeps() {
  const used: PropertyKey[] = []
  const deps = new Proxy({} as OpenDeps, {
    get(_, name) {
      used.push(name)
      throw new Error(`the background uses ${String(name)}`)
    },
  })
  return { deps, used }
}

test('what is stopped before it began does not begin', async () => {
  const { deps, used } = watchedDeps()
  const background = startBackground(deps)
  await background.stopJobs()
  await background.stop(Date.now() + 1_000)
  jest.advanceTimersByTime(60_000)
  expect(used).toEqual([])
})
