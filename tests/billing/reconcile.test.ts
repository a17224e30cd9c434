import { expect, test } from 'bun:test'
import { pushCatalogue } from '../../src/billing/catalogue-push.ts'
import { reconcile } from '../../src/billing/reconcile.ts'
import { openPayingApp } from '../support/payments.ts'

const app = await openPayingApp()
const {
  deps,
  sql,
  sandbox,
  worker,
  givenPaying,
  givenTried,
  subscribe,
  checkoutOf,
  onCheckout,
  act,
  read,
  subscriptionOf,
} = app
const listed = async (applies: boolean) => {
  const found: { subscriptionId: string; what: string; settled: boolean }[] = []
  for await (const drift of reconcile(deps, applies)) found.push(drift)
  return found
}
const states = async (applies: boolean) => {
  const found: string[] = []
  for await (const { state } of pushCatalogue(deps, applies)) found.push(state)
  return [...new Set(found)]
}

test('the catalogue is pushed once: first it is told what would be done, and done again it changes nothing', async () => {
  expect(await states(false)).toEqual(['missing'])
  expect(await states(true)).toEqual(['made'])
  expect(await states(true)).toEqual(['known'])
})

test('every drift is listed, whatever was lost, and settled where that is wanted', async () => {
  expect(await listed(false)).toEqual([])
  const cancelled = await givenPaying('starter')
  const ended = await givenPaying('starter')
  const renewed = await givenPaying('starter')
  const unheard = await givenTried('starter')
  const checkout = await checkoutOf(await subscribe(unheard, 'starter'))
  await sandbox.set({ delivers: false })
  const call = { signal: AbortSignal.timeout(60_000), key: 'drift' }
  await sandbox.cancel(await subscriptionOf(cancelled), 'period-end', call)
  await act(renewed, 'renew')
  await act(ended, 'end')
  await onCheckout(checkout, 'pay')
  await sandbox.set({ delivers: true })
  expect(await read(unheard)).toMatchObject({ plan: { name: 'free' } })
  const found = await listed(false)
  expect(found.map(({ what }) => what.replace(/until.*/, 'until')).sort()).toEqual([
    'cancelled there',
    'has ended there',
    'paid until',
    'unknown here',
  ])
  expect(await listed(true)).toHaveLength(4)
  expect(await listed(true)).toEqual([])
  expect(await read(cancelled)).toMatchObject({ status: 'cancelled' })
  expect(await read(ended)).toMatchObject({ plan: { name: 'free' } })
  expect(await read(unheard)).toMatchObject({ plan: { name: 'starter' }, status: 'active' })
})

test('once a day whatever is paid is looked at, spread over an hour', async () => {
  const person = await givenPaying('starter')
  await sandbox.set({ delivers: false })
  await act(person, 'end')
  await sandbox.set({ delivers: true })
  await worker.idle()
  const [planned] = await sql<{ count: number }[]>`select reconcile_billing()::int as count`
  expect(planned?.count).toBeGreaterThan(0)
  const [due] = await sql<{ soon: boolean }[]>`
    select due_at <= clock_timestamp() + interval '1 hour' as soon from billing_accounts where account_id = ${person.id}`
  expect(due).toEqual({ soon: true })
  await sql`update billing_accounts set due_at = clock_timestamp() where account_id = ${person.id}`
  await worker.idle()
  expect(await read(person)).toMatchObject({ plan: { name: 'free' } })
})
