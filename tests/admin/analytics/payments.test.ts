import { expect, test } from 'bun:test'
import { upsertPayment } from '../../../src/billing/payment-queries.ts'
import { runJobNow } from '../../../src/jobs/runner.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf } from '../../support/app.ts'
import { added, type Figures, readFigures } from '../../support/payment-figures.ts'
import { openPayingApp, type Payer } from '../../support/payments.ts'

const app = await openPayingApp()
const { request, sql, subscribe, givenPaying, act, payments, worker } = app
const admin = await signedIn(app, { role: 'superadmin' })

type Sum = { count: number; amountMinor: number }
type Money = Record<'charges' | 'refunds' | 'disputes' | 'disputesLost' | 'failed' | 'recovered' | 'lost', Sum>
type Movement = Record<'newMinor' | 'expansionMinor' | 'contractionMinor' | 'churnMinor', number>
type Report = {
  asOf: string | null
  totals: {
    trials: { begun: number; converted: number; conversion: number | null }
    paying: { atStart: number; new: number; churned: number; atEnd: number; churn: number | null }
    currencies: (Money & { currency: string; mrr: Movement & { atStartMinor: number; atEndMinor: number } })[]
  }
  days: { day: string; trials: object; paying: object; currencies: (Money & { currency: string; mrr: Movement })[] }[]
}

async function read(range = ''): Promise<Report> {
  await runJobNow(app.deps, 'refresh-views')
  const answer = await request(`/v1/admin/analytics/payments${range}`, { bearer: admin.bearer })
  expect(answer.status).toBe(200)
  return bodyOf<Report>(answer)
}

/** What somebody's life adds to the figures of a plan's own currency. */
async function given(currency: string, monthly: number): Promise<(dear?: boolean) => Promise<Payer>> {
  const name = `plan_${currency.toLowerCase()}`
  const json = { displayName: name, currency, priceYearlyMinor: monthly * 10, trialDays: 14 }
  const make = (plan: string, tier: number, price: number) =>
    request('/v1/admin/plans', {
      bearer: admin.bearer,
      json: { ...json, name: plan, tier, priceMonthlyMinor: price },
    })
  expect((await make(name, tiers++, monthly)).status).toBe(201)
  expect((await make(`${name}_dear`, tiers++, monthly * 3)).status).toBe(201)
  return (dear = false) => givenPaying(dear ? `${name}_dear` : name)
}
let tiers = 11

/** What has come to the figures of a currency since, whatever the day. */
async function addedTo(currency: string, before: Figures): Promise<Figures> {
  const all = Object.entries(added(before, await readFigures(sql))).map(([what, told]) => [what.slice(11), told])
  return Object.fromEntries(all.filter(([what]) => what?.startsWith(currency)))
}

const only = (report: Report, currency: string) => report.totals.currencies.find((row) => row.currency === currency)
const none = { count: 0, amountMinor: 0 }

test('a life: what came in, what went back, what was owed, what recurs, by day and in all', async () => {
  const paying = await given('CHF', 1200)
  const person = await paying()
  await act(person, 'decline')
  await act(person, 'renew')
  expect(only(await read(), 'CHF')).toMatchObject({
    failed: { count: 1, amountMinor: 1200 },
    recovered: none,
    lost: none,
  })
  await act(person, 'pay')
  expect((await subscribe(person, 'plan_chf_dear')).status).toBe(200)
  expect((await subscribe(person, 'plan_chf')).status).toBe(200)
  await act(person, 'renew')
  await act(person, 'dispute')
  await act(person, 'lose')
  const charged = (await payments(person)).filter(({ kind, status }) => kind === 'charge' && status === 'succeeded')
  const money = {
    charges: { count: 4, amountMinor: charged.reduce((sum, { amountMinor }) => sum + amountMinor, 0) },
    refunds: none,
    disputes: { count: 1, amountMinor: 1200 },
    disputesLost: { count: 1, amountMinor: 1200 },
    failed: { count: 1, amountMinor: 1200 },
    recovered: { count: 1, amountMinor: 1200 },
    lost: none,
  }
  const mrr = { newMinor: 1200, expansionMinor: 2400, contractionMinor: 2400, churnMinor: 1200 }
  const report = await read()
  expect(only(report, 'CHF')).toEqual({
    currency: 'CHF',
    ...money,
    mrr: { atStartMinor: 0, ...mrr, atEndMinor: 0 },
  })
  const days = report.days.flatMap(({ currencies }) => currencies.filter(({ currency }) => currency === 'CHF'))
  const total = (of: (day: (typeof days)[number]) => number) => days.reduce((sum, day) => sum + of(day), 0)
  for (const [figure, { count, amountMinor }] of Object.entries(money)) {
    const sumOf = (day: Money) => day[figure as keyof Money]
    expect([total((day) => sumOf(day).count), total((day) => sumOf(day).amountMinor)]).toEqual([count, amountMinor])
  }
  for (const [part, amount] of Object.entries(mrr)) expect(total((day) => day.mrr[part as keyof Movement])).toBe(amount)
})

test('trials: begun, and converted on the day on which they began; churn of those who paid when the range began', async () => {
  await given('SEK', 900)
  const before = (await read()).totals
  const [stays, pays] = [await signedIn(app), await signedIn(app)]
  for (const person of [stays, pays]) expect((await subscribe(person, 'plan_sek')).status).toBe(200)
  expect((await read()).totals.trials.begun).toBe(before.trials.begun + 2)
  const checkout = await app.checkoutOf(await subscribe(pays, 'plan_sek'))
  // As if they had begun long before: the paid period begins at once then.
  await sql`update trials set started_at = '2026-02-10T23:30:00Z' where account_id in ${sql([stays.id, pays.id])}`
  await app.onCheckout(checkout, 'pay')
  expect((await read()).totals.trials.converted).toBe(before.trials.converted)
  await act(pays, 'renew')
  await sql`select count_payments(id) from user_accounts where id in ${sql([stays.id, pays.id])}`
  const february = await read('?from=2026-02-01&to=2026-02-28')
  expect(february.totals.trials).toEqual({ begun: 2, converted: 1, conversion: 0.5 })
  expect(february.totals.paying).toEqual({ atStart: 0, new: 0, churned: 0, atEnd: 0, churn: null })
  expect(february.days).toHaveLength(28)
  expect(february.days[9]).toMatchObject({ day: '2026-02-10', trials: { begun: 2, converted: 1 } })
  // As if it had been paid since January, and ended in March.
  await sql`update payments set at = '2026-01-10T00:00:00Z' where account_id = ${pays.id}`
  await sql`update billing_subscriptions set over_at = '2026-03-05T00:00:00Z' where account_id = ${pays.id}`
  await sql`select count_payments(${pays.id})`
  const march = await read('?from=2026-03-01&to=2026-03-31')
  expect(march.totals.paying).toEqual({ atStart: 1, new: 0, churned: 1, atEnd: 0, churn: 1 })
  expect(only(march, 'SEK')?.mrr).toEqual({
    ...{ atStartMinor: 900, newMinor: 0, expansionMinor: 0, contractionMinor: 0, churnMinor: 900, atEndMinor: 0 },
  })
})

test('nothing is taken away by an erasure: what is still owed is lost with it, and who paid has gone', async () => {
  const paying = await given('NOK', 700)
  const person = await paying()
  await act(person, 'decline')
  await act(person, 'renew')
  const before = await readFigures(sql)
  const erased = await request(`/v1/admin/users/${person.id}`, { method: 'DELETE', bearer: admin.bearer })
  expect(erased.status).toBe(204)
  await worker.idle()
  expect(await addedTo('NOK', before)).toEqual({ 'NOK lost': '1 700', 'NOK churned': `1 ${700 * 12}` })
  expect(only(await read(), 'NOK')).toMatchObject({ charges: { count: 1, amountMinor: 700 }, lost: { count: 1 } })
})

test('a plan that an administrator grants ends what was paid', async () => {
  const paying = await given('DKK', 800)
  const person = await paying()
  const before = await readFigures(sql)
  const json = { plan: 'business', reason: 'A gift' }
  await request(`/v1/admin/users/${person.id}/subscription`, { method: 'PUT', bearer: admin.bearer, json })
  await worker.idle()
  expect(await addedTo('DKK', before)).toEqual({ 'DKK churned': `1 ${800 * 12}` })
})

test('what is counted twice, or heard of again, adds nothing; a second subscription is money, and nobody who pays', async () => {
  const paying = await given('PLN', 600)
  const person = await paying()
  const counted = await readFigures(sql)
  await Promise.all(Array.from({ length: 5 }, () => sql`select count_payments(${person.id})`.execute()))
  await sql`update billing_events set status = 'queued', ended_at = null, due_at = clock_timestamp()`
  await worker.idle()
  await read()
  expect(await addedTo('PLN', counted)).toEqual({})
  // Somebody pays two checkouts: the later is one too many, and is paid back.
  await sql`update user_subscriptions set provider_subscription_id = 'another', price_id = price_id where account_id = ${person.id} and ended_at is null`
  await sql`update billing_accounts set due_at = clock_timestamp() where account_id = ${person.id}`
  await worker.idle()
  expect(await addedTo('PLN', counted)).toEqual({ 'PLN refund': '1 600', 'PLN new': `-1 -${600 * 12}` })
})

test('accounts of before there were sums are counted by the job, once', async () => {
  const paying = await given('CZK', 500)
  const person = await paying()
  const before = await readFigures(sql)
  const own = Object.fromEntries(Object.entries(before).filter(([what]) => what.includes('CZK')))
  expect(own).not.toEqual({})
  await sql`delete from payment_figures where currency = 'CZK'`
  await sql`delete from payment_figure_changes where currency = 'CZK'`
  await sql`update counted_payments set figures = figures_without.figures from (
    select coalesce(jsonb_agg(f), '[]') as figures from counted_payments c, jsonb_array_elements(c.figures) f where c.account_id = ${person.id} and f->>'currency' = 'XXX') figures_without
    where account_id = ${person.id}`
  await sql`select count_payments(${person.id})`
  expect(await readFigures(sql)).toEqual(before)
  await sql`insert into counted_payments (account_id, figures) values (${admin.id}, null)`
  await runJobNow(app.deps, 'refresh-views')
  expect(await sql`select 1 from counted_payments where figures is null`).toHaveLength(0)
  expect(await readFigures(sql)).toEqual(before)
})

test('a sum that no number holds is told as the largest that one does', async () => {
  const largest = Number.MAX_SAFE_INTEGER
  await sql`
    insert into payment_figures (day, currency, figure, n, amount)
    values ('2026-05-01', 'XAU', 'charge', 2, ${largest}::numeric * 2), ('2026-05-02', 'XAU', 'charge', 1, ${largest}), ('2026-05-02', 'XAU', 'new', 30, ${largest}::numeric * 360)`
  const report = await read('?from=2026-05-01&to=2026-05-02')
  expect(only(report, 'XAU')).toMatchObject({
    charges: { count: 3, amountMinor: largest },
    mrr: { newMinor: largest, atEndMinor: largest },
  })
  expect(report.days.map(({ currencies }) => currencies[0]?.charges.amountMinor)).toEqual([largest, largest])
})

test('that a charge failed is kept when it is paid under the same id', async () => {
  const { id: accountId } = await signedIn(app)
  const row = {
    ...{ accountId, provider: 'sandbox', providerPaymentId: `ch_${accountId}`, subscriptionId: 's', chargeId: null },
    ...{ kind: 'charge' as const, amountMinor: 100, currency: 'EUR', plan: null, interval: null, at: new Date(0) },
    ...{ periodStart: null, periodEnd: null, invoiceUrl: null },
  }
  for (const status of ['failed', 'succeeded'] as const)
    await upsertPayment(sql, { ...row, id: Bun.randomUUIDv7(), status })
  const rows = await sql`select status, has_failed from payments where account_id = ${accountId}`
  expect([...rows]).toEqual([{ status: 'succeeded', hasFailed: true }])
})

type Charge = {
  id: string
  at: string
  from: string | null
  to?: string
  status?: 'succeeded' | 'failed'
  failed?: boolean
}

/** The figures of dunning of a subscription that began on 1 January, with these charges. */
async function dunningOf(charges: Charge[], over: string | null = null): Promise<string[]> {
  const { id: accountId } = await signedIn(app)
  const subscription = `sub_${accountId}`
  await sql`
    insert into billing_subscriptions (provider, subscription_id, account_id, status, started_at, paid_until, cancels, over_at)
    values ('sandbox', ${subscription}, ${accountId}, 'active', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', false, ${over})`
  for (const { id, at, from, to = null, status = 'succeeded', failed = status === 'failed' } of charges)
    await sql`
      insert into payments (id, account_id, provider, provider_payment_id, subscription_id, kind, status, amount_minor, currency, at, period_start, period_end, has_failed)
      values (${Bun.randomUUIDv7()}, ${accountId}, 'sandbox', ${`${id}_${accountId}`}, ${subscription}, 'charge', ${status}, 100, 'EUR', ${at}, ${from}, ${to}, ${failed})`
  const rows = await sql<{ what: string }[]>`
    select concat_ws(' ', day, figure, n, amount) as what from figures_of(${accountId})
     where figure in ('failed', 'recovered', 'lost') order by day, figure`
  return rows.map(({ what }) => what)
}

const begun: Charge = { id: 'a', at: '2026-01-01', from: '2026-01-01', to: '2026-02-01' }
const missed: Charge = { id: 'b', at: '2026-02-01', from: '2026-02-01', to: '2026-03-01', status: 'failed' }

test.each<[string, Charge[], string | null, string[]]>([
  ['paid charges are none', [begun], null, []],
  ['a checkout that is declined is none', [{ ...begun, id: 'x', status: 'failed' }, begun], null, []],
  ['a failed renewal is owed', [begun, missed], null, ['2026-02-01 failed 1 100']],
  [
    'several attempts of a period are one',
    [begun, missed, { ...missed, id: 'c', at: '2026-02-04' }],
    null,
    ['2026-02-01 failed 1 100'],
  ],
  [
    'the same period paid later is recovered',
    [begun, missed, { ...missed, id: 'c', at: '2026-02-05', status: 'succeeded' }],
    null,
    ['2026-02-01 failed 1 100', '2026-02-05 recovered 1 100'],
  ],
  [
    'so it is under the id of the failure',
    [begun, { ...missed, status: 'succeeded', failed: true }],
    null,
    ['2026-02-01 failed 1 100', '2026-02-01 recovered 1 100'],
  ],
  ['the end loses it', [begun, missed], '2026-02-08', ['2026-02-01 failed 1 100', '2026-02-08 lost 1 100']],
  [
    'the first charge after a trial counts',
    [{ ...missed, id: 'd', from: '2026-01-15', at: '2026-01-15' }],
    null,
    ['2026-01-15 failed 1 100'],
  ],
  [
    'a dearer plan that was not paid does not',
    [begun, { ...missed, id: 'e', from: '2026-01-10', at: '2026-01-10' }],
    null,
    [],
  ],
  [
    'without periods, whatever is paid afterwards recovers',
    [begun, { ...missed, from: null }, { id: 'f', at: '2026-02-03', from: null }],
    null,
    ['2026-02-01 failed 1 100', '2026-02-03 recovered 1 100'],
  ],
])('dunning: %s', async (_, charges, over, told) => {
  expect(await dunningOf(charges, over)).toEqual(told)
})
