import { expect, test } from 'bun:test'
import { createSemaphore } from '../../src/async/semaphore.ts'

const open = (waitMs?: number) => createSemaphore({ places: 1, queueLimit: 2, accountLimit: 2, waitMs })
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => error.code,
  )
const account = { key: 'a', isAccount: true, admitted: false }

/** One job that runs until `end` is called. */
function occupy({ run }: ReturnType<typeof open>) {
  const { promise, resolve: end } = Promise.withResolvers<void>()
  return { ran: run(() => promise), end }
}

test('as many run as there are places, the others after them in the order they came', async () => {
  const semaphore = open()
  const first = occupy(semaphore)
  const order: number[] = []
  const others = [1, 2].map((n) => semaphore.run(async () => void order.push(n)))
  expect(semaphore.stats()).toEqual({ running: 1, waiting: 2 })
  expect(order).toEqual([])
  first.end()
  await Promise.all([first.ran, ...others])
  expect(order).toEqual([1, 2])
  expect(semaphore.stats()).toEqual({ running: 0, waiting: 0 })
})

test('a job that fails frees its place', async () => {
  const semaphore = open()
  expect(await codeOf(semaphore.run(() => Promise.reject(Object.assign(new Error(), { code: 'own' }))))).toBe('own')
  expect(await semaphore.run(async () => 1)).toBe(1)
})

test('a full queue, a long wait, an aborted signal and a closed semaphore refuse, each by its code', async () => {
  const semaphore = open()
  const first = occupy(semaphore)
  const aborter = new AbortController()
  const waiting = codeOf(semaphore.run(async () => {}, account, aborter.signal))
  const last = codeOf(semaphore.run(async () => {}, account))
  expect(await codeOf(semaphore.run(async () => {}, { ...account, admitted: true }))).toBe('overloaded')
  aborter.abort()
  expect(await waiting).toBe('deadline-exceeded')
  expect(await codeOf(semaphore.run(async () => {}, account, aborter.signal))).toBe('deadline-exceeded')
  semaphore.close()
  expect(await last).toBe('service-unavailable')
  expect(await codeOf(semaphore.run(async () => {}))).toBe('service-unavailable')
  first.end()
  expect(await codeOf(first.ran)).toBe('done')

  const impatient = open(1)
  const stuck = occupy(impatient)
  expect(await codeOf(impatient.run(async () => {}))).toBe('overloaded')
  stuck.end()
})
