import { expect, test } from 'bun:test'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin' })

type Price = { currency: string; interval: string; amountMinor: number; taxInclusive?: boolean }
type PlanJson = { prices: Required<Price>[]; priceMonthlyMinor: number | null; priceYearlyMinor: number | null }

let made = 0
async function givenPlan(more: object = {}): Promise<string> {
  made += 1
  const json = { name: `priced_${made}`, displayName: 'Priced', tier: 300 + made, ...more }
  expect((await request('/v1/admin/plans', { bearer: root.bearer, json })).status).toBe(201)
  return json.name
}
const set = (plan: string, prices: Price[]) =>
  request(`/v1/admin/plans/${plan}/prices`, { method: 'PUT', bearer: root.bearer, json: { prices } })
const read = async (plan: string) => bodyOf<PlanJson>(await request(`/v1/plans/${plan}`))
const price = (currency: string, interval: string, amountMinor: number): Price => ({ currency, interval, amountMinor })
const dollars = (month: number, year: number) => [price('USD', 'month', month), price('USD', 'year', year)]
const stored = (plan: string) =>
  sql<{ id: string; currency: string; amount: number; retired: boolean }[]>`
    select id, currency, amount_minor::float8 as amount, retired_at is not null as retired from plan_prices where plan = ${plan} order by amount_minor`

test('a plan has a price for each currency and interval, and its own currency’s are those of its row', async () => {
  const plan = await givenPlan({ priceMonthlyMinor: 500, priceYearlyMinor: 5_000 })
  expect((await read(plan)).prices).toEqual(dollars(500, 5_000).map((one) => ({ ...one, taxInclusive: false })))
  const wanted = [price('JPY', 'month', 700), price('KWD', 'year', 15_500), ...dollars(600, 5_000)]
  const answer = await set(plan, [...wanted, { ...price('INR', 'month', 49_900), taxInclusive: true }])
  expect(answer.status).toBe(200)
  const { prices, priceMonthlyMinor, priceYearlyMinor } = await read(plan)
  expect([priceMonthlyMinor, priceYearlyMinor]).toEqual([600, 5_000])
  expect(prices.map(({ currency, interval, amountMinor }) => [currency, interval, amountMinor])).toEqual([
    ['INR', 'month', 49_900],
    ['JPY', 'month', 700],
    ['KWD', 'year', 15_500],
    ['USD', 'month', 600],
    ['USD', 'year', 5_000],
  ])
  expect(prices[0]?.taxInclusive).toBe(true)
})

test('a price that changes is another price, and the one before is kept; what stays keeps its id', async () => {
  const plan = await givenPlan({ priceMonthlyMinor: 500, priceYearlyMinor: 5_000 })
  const [month, year] = await stored(plan)
  await set(plan, [...dollars(700, 5_000), price('EUR', 'month', 650)])
  const json = { priceMonthlyMinor: 800, priceYearlyMinor: 5_000 }
  expect((await request(`/v1/admin/plans/${plan}`, { method: 'PATCH', bearer: root.bearer, json })).status).toBe(200)
  const rows = await stored(plan)
  expect(rows.filter(({ retired }) => retired).map(({ amount }) => amount)).toEqual([500, 700])
  expect(rows.find(({ id }) => id === month?.id)?.retired).toBe(true)
  expect(rows.find(({ id }) => id === year?.id)?.retired).toBe(false)
  expect((await read(plan)).prices.map(({ amountMinor }) => amountMinor)).toEqual([650, 800, 5_000])
})

test('another currency of a plan takes the prices of the earlier one away', async () => {
  const plan = await givenPlan({ priceMonthlyMinor: 500, priceYearlyMinor: 5_000 })
  const json = { currency: 'EUR', priceMonthlyMinor: 500, priceYearlyMinor: 5_000 }
  await request(`/v1/admin/plans/${plan}`, { method: 'PATCH', bearer: root.bearer, json })
  expect((await read(plan)).prices.map(({ currency }) => currency)).toEqual(['EUR', 'EUR'])
})

test('prices that fit nothing are refused, and change nothing', async () => {
  const plan = await givenPlan({ priceMonthlyMinor: 500, priceYearlyMinor: 5_000 })
  const before = await read(plan)
  for (const prices of [
    [...dollars(1, 2), price('USD', 'month', 3)],
    [price('USD', 'month', 3)],
    [price('EUR', 'month', 3)],
    [...dollars(1, 2), price('XTS', 'month', 3)],
    [...dollars(0, 2)],
    [...dollars(1.5, 2)],
  ])
    await expectProblem(await set(plan, prices), 'validation-failed')
  await expectProblem(await set('nowhere', []), 'not-found')
  await expectProblem(await set('free', [price('EUR', 'month', 3)]), 'validation-failed')
  const charged = [price('USD', 'month', 3), price('USD', 'year', 30)]
  await expectProblem(await set('free', charged), 'validation-failed')
  expect(await read(plan)).toEqual(before)
})

test('a plan that costs nothing, or is by quote, has none', async () => {
  expect((await read('free')).prices).toEqual([])
  expect((await set('free', [])).status).toBe(200)
  expect(await read('free')).toMatchObject({ priceMonthlyMinor: 0, prices: [] })
  const plan = await givenPlan()
  expect((await set(plan, dollars(100, 1_000))).status).toBe(200)
  expect((await set(plan, [])).status).toBe(200)
  expect(await read(plan)).toMatchObject({ priceMonthlyMinor: null, priceYearlyMinor: null, prices: [] })
})
