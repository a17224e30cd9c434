import { expect, test } from 'bun:test'
import { withTimeout } from '../../src/async/timeout.ts'

const never = new Promise<never>(() => {})

test('what is done in time is its value, or its error', async () => {
  expect(await withTimeout(Promise.resolve(1), 60_000, () => 2)).toBe(1)
  expect(withTimeout(Promise.reject(new Error('own')), 60_000, () => 2)).rejects.toThrow('own')
})

test('what is late is what onLate returns or throws', async () => {
  expect(await withTimeout(never, 1, () => 2)).toBe(2)
  const late = withTimeout(never, 1, () => {
    throw new Error('late')
  })
  expect(late).rejects.toThrow('late')
})

test('a failure after the time is nobody’s unhandled rejection', async () => {
  const work = Promise.withResolvers<never>()
  expect(await withTimeout(work.promise, 1, () => 'late')).toBe('late')
  const unhandled: unknown[] = []
  const note = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', note)
  work.reject(new Error('too late'))
  await Bun.sleep(0)
  await Bun.sleep(0)
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})
