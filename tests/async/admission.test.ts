import { expect, test } from 'bun:test'
import { createAdmission } from '../../src/async/admission.ts'
import type { Caller } from '../../src/async/caller.ts'
import { reasonOf } from '../support/open-database.ts'

const account = (key: string): Caller => ({ key, isAccount: true, admitted: false })
const network = (key: string): Caller => ({ key, isAccount: false, admitted: false })
const forever = () => () => {}

/** Turns of which it is known who got them, in order; `waiting` are those who wait, by name. */
function observe(options: Parameters<typeof createAdmission>[0]) {
  const admission = createAdmission(options)
  const admitted: string[] = []
  const refused: [string, string][] = []
  const enter = (caller: Caller | null) => {
    const name = caller?.key ?? 'own'
    return admission.acquire(caller, forever).then(
      () => void admitted.push(name),
      (error) => void refused.push([name, error.code]),
    )
  }
  return { turns: admission, admitted, refused, enter }
}

/** Lets every promise that can settle do so. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('callers are served in turn, one of each, each in the order of arrival', async () => {
  const { turns, admitted, enter } = observe({ places: 1, queueLimit: 100, accountLimit: 100 })
  const [a, b, c] = [account('a'), network('b'), account('c')]
  for (const caller of [a, a, a, a, b, b, c]) void enter(caller)
  await settle()
  for (const caller of [a, a, b, c, a, b]) {
    turns.release(caller)
    await settle()
  }
  expect(admitted).toEqual(['a', 'a', 'b', 'c', 'a', 'b', 'a'])
})

test('one caller alone takes four fifths, all callers nine tenths, and the service’s own work the last', async () => {
  const { turns, admitted, enter } = observe({ places: 10, queueLimit: 100, accountLimit: 100 })
  for (let n = 0; n < 20; n++) void enter(account('a'))
  for (let n = 0; n < 5; n++) void enter(account('b'))
  for (let n = 0; n < 5; n++) void enter(null)
  await settle()
  expect(
    Object.fromEntries(
      Map.groupBy(admitted, (name) => name)
        .entries()
        .map(([k, v]) => [k, v.length]),
    ),
  ).toEqual({
    a: 8,
    b: 1,
    own: 1,
  })
  expect(turns.counts()).toEqual({ inUse: 10, waiting: 20 })
})

test('where there are few places nobody is kept from the last one', async () => {
  const { admitted, enter } = observe({ places: 2, queueLimit: 100, accountLimit: 100 })
  await Promise.all([enter(account('a')), enter(account('a'))])
  expect(admitted).toEqual(['a', 'a'])
})

test('the service’s own work is let in before callers, up to its share', async () => {
  const { turns, admitted, enter } = observe({ places: 1, queueLimit: 100, accountLimit: 100 })
  for (const caller of [account('a'), account('a'), null, null]) void enter(caller)
  await settle()
  turns.release(account('a'))
  await settle()
  turns.release(null)
  await settle()
  expect(admitted).toEqual(['a', 'own', 'own'])
})

test('beyond an account’s bound its requests are refused, but not those that were in before', async () => {
  const { turns, admitted, refused, enter } = observe({ places: 1, queueLimit: 100, accountLimit: 2 })
  for (let n = 0; n < 4; n++) void enter(account('a'))
  void enter(network('n'))
  void enter({ ...account('a'), admitted: true })
  await settle()
  expect(refused).toEqual([['a', 'rate-limited']])
  expect(await reasonOf(turns.acquire(account('a'), forever))).toMatchObject({ headers: { 'Retry-After': '1' } })
  expect(turns.counts()).toEqual({ inUse: 1, waiting: 4 })
  expect(admitted).toEqual(['a'])
})

test('when the queue is full the longest line pays, not who comes from elsewhere', async () => {
  const { turns, refused, enter } = observe({ places: 1, queueLimit: 5, accountLimit: 100 })
  for (let n = 0; n < 6; n++) void enter(network('greedy'))
  for (const key of ['x', 'y', 'x']) void enter(network(key))
  void enter(network('greedy'))
  await settle()
  expect(refused.map(([name]) => name)).toEqual(['greedy', 'greedy', 'greedy', 'greedy'])
  expect(new Set(refused.map(([, code]) => code))).toEqual(new Set(['overloaded']))
  expect(turns.counts()).toEqual({ inUse: 1, waiting: 5 })
})

test('who gave up takes nobody’s turn and leaves nothing behind', async () => {
  const turns = createAdmission({ places: 1, queueLimit: 5, accountLimit: 5 })
  await turns.acquire(account('a'), forever)
  let forgotten = 0
  const gaveUp = reasonOf(
    turns.acquire(account('b'), (refuse) => {
      setImmediate(() => refuse(new Error('gone') as never))
      return () => void forgotten++
    }),
  )
  expect(await gaveUp).toMatchObject({ message: 'gone' })
  turns.release(account('a'))
  expect(turns.counts()).toEqual({ inUse: 0, waiting: 0 })
  expect(forgotten).toBe(1)
})
