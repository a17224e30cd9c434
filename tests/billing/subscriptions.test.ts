import { describe, expect, test } from 'bun:test'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app

type View = {
  plan: { name: string; displayName: string; tier: number }
  status: string
  interval: string | null
  startedAt: string
  currentPeriodEnd: string | null
  cancelAtPeriodEnd: boolean
  pending: { plan: string; at: string } | null
}

const subscribe = (bearer: string, plan: string, interval = 'month') =>
  request('/v1/subscription', { bearer, json: { plan, interval } })
const cancel = (bearer: string) => request('/v1/subscription', { method: 'DELETE', bearer })
const read = async (bearer: string) => bodyOf<View>(await request('/v1/subscription', { bearer }))
const me = async (bearer: string) => bodyOf(await request('/v1/me/entitlements', { bearer }))

async function rowsOf(accountId: string) {
  return sql<{ plan: string; status: string; ended: boolean }[]>`
    select plan, status, ended_at is not null as ended from user_subscriptions where account_id = ${accountId} order by started_at, id`
}

const days = (view: View) => (Date.parse(view.currentPeriodEnd ?? '') - Date.parse(view.startedAt)) / 86_400_000

describe('a trial', () => {
  test('begins at once, lasts its days, and brings the plan and the role to the next request of an old token', async () => {
    const { id, bearer } = await signedIn(app)
    const answer = await subscribe(bearer, 'professional', 'year')
    expect(answer.status).toBe(200)
    const view = await bodyOf<View>(answer)
    expect(view).toMatchObject({
      plan: { name: 'professional', tier: 50 },
      status: 'trialing',
      interval: 'year',
      cancelAtPeriodEnd: false,
      pending: null,
    })
    expect(days(view)).toBeCloseTo(14, 4)
    expect(await read(bearer)).toEqual(view)
    const entitled = await request('/v1/me/entitlements', { bearer })
    expect(entitled.headers.get('authz-refresh')).toBe('1')
    expect(await entitled.json()).toMatchObject({ plan: 'professional', role: 'subscriber', privilegeLevel: 50 })
    expect((await request('/v1/dashboard/insights', { bearer })).status).toBe(200)
    expect(await rowsOf(id)).toEqual([
      { plan: 'free', status: 'expired', ended: true },
      { plan: 'professional', status: 'trialing', ended: false },
    ] as never)
  })

  test('is one per account and plan, ever: of 50 at once one begins, and none after it has ended', async () => {
    const { id, bearer } = await signedIn(app)
    const answers = await Promise.all(Array.from({ length: 50 }, () => subscribe(bearer, 'starter')))
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, ...Array<number>(49).fill(409)])
    expect((await sql`select 1 from trials where account_id = ${id}`).length).toBe(1)
    expect((await rowsOf(id)).filter(({ plan }) => plan === 'starter')).toHaveLength(1)
    await sql`update user_subscriptions set current_period_end = clock_timestamp() where account_id = ${id} and ended_at is null`
    await expectProblem(await subscribe(bearer, 'starter'), 'checkout-unavailable')
    await expectProblem(await subscribe(bearer, 'starter', 'year'), 'checkout-unavailable')
    expect(await read(bearer)).toMatchObject({ plan: { name: 'free' }, status: 'active' })
  })

  test('is one of each plan: 50 at once, ten of each, end in one current subscription and no plan tried twice', async () => {
    const { id, bearer } = await signedIn(app)
    const plans = ['starter', 'professional', 'business', 'free', 'enterprise']
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => subscribe(bearer, plans[i % 5] ?? '')))
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true)
    const rows = await rowsOf(id)
    expect(rows.filter(({ ended }) => !ended)).toHaveLength(1)
    const tried = rows.map(({ plan }) => plan).filter((plan) => plan !== 'free')
    expect(new Set(tried).size).toBe(tried.length)
  })

  test('gives way to the trial of another plan at once', async () => {
    const { bearer } = await signedIn(app)
    await subscribe(bearer, 'starter')
    expect((await subscribe(bearer, 'business')).status).toBe(200)
    expect(await me(bearer)).toMatchObject({ plan: 'business', role: 'subscriber' })
    // And there is no way back: that one was had.
    await expectProblem(await subscribe(bearer, 'starter'), 'checkout-unavailable')
  })

  test('of the plan in force is refused as already had', async () => {
    const { bearer } = await signedIn(app)
    await subscribe(bearer, 'starter')
    await expectProblem(await subscribe(bearer, 'starter'), 'already-subscribed')
  })
})

describe('a subscription that a person cannot begin', () => {
  test('a plan by quote, one that costs money while another is in force, and one that nobody knows or that is retired', async () => {
    const { bearer } = await signedIn(app)
    await expectProblem(await subscribe(bearer, 'enterprise'), 'checkout-unavailable')
    await expectProblem(await subscribe(bearer, 'platinum'), 'validation-failed')
    const paying = await signedIn(app, {
      plan: 'professional',
      role: 'subscriber',
      endsAt: new Date(Date.now() + 86_400_000),
    })
    await expectProblem(await subscribe(paying.bearer, 'business'), 'checkout-unavailable')
    await expectProblem(await subscribe(paying.bearer, 'professional'), 'already-subscribed')
    expect(await read(paying.bearer)).toMatchObject({ plan: { name: 'professional' }, status: 'active' })
    const root = await signedIn(app, { role: 'superadmin' })
    const retire = (retired: boolean) =>
      request('/v1/admin/plans/business', { method: 'PATCH', bearer: root.bearer, json: { retired } })
    expect((await retire(true)).status).toBe(200)
    await expectProblem(await subscribe(bearer, 'business'), 'validation-failed')
    await retire(false)
  })

  test('a malformed body is refused, and changes nothing', async () => {
    const { bearer } = await signedIn(app)
    const odd = [
      {},
      { plan: 'Starter', interval: 'month' },
      { plan: 'starter', interval: 'week' },
      { plan: ['starter'], interval: 'month' },
      { plan: 'starter', interval: 'month', trialDays: 900 },
    ]
    for (const json of odd)
      await expectProblem(await request('/v1/subscription', { bearer, json }), 'validation-failed')
    expect(await read(bearer)).toMatchObject({ plan: { name: 'free' } })
  })
})

describe('cancelling', () => {
  test('keeps the rights until the period ends, and says so', async () => {
    const { bearer } = await signedIn(app)
    const { currentPeriodEnd } = await bodyOf<View>(await subscribe(bearer, 'professional'))
    const answer = await cancel(bearer)
    expect(answer.status).toBe(200)
    expect(await bodyOf<View>(answer)).toMatchObject({
      plan: { name: 'professional' },
      status: 'cancelled',
      cancelAtPeriodEnd: true,
      currentPeriodEnd,
      pending: { plan: 'free', at: currentPeriodEnd },
    })
    expect(await me(bearer)).toMatchObject({ plan: 'professional', role: 'subscriber' })
    await expectProblem(await cancel(bearer), 'nothing-to-cancel')
  })

  test('ends what has no end at once', async () => {
    const { bearer } = await signedIn(app, { plan: 'enterprise', role: 'subscriber' })
    expect(await bodyOf<View>(await cancel(bearer))).toMatchObject({
      plan: { name: 'free' },
      status: 'active',
      pending: null,
    })
    expect(await me(bearer)).toMatchObject({ plan: 'free', role: 'user' })
  })

  test('has nothing to do on free', async () => {
    const { bearer } = await signedIn(app)
    await expectProblem(await cancel(bearer), 'nothing-to-cancel')
  })

  test('is what subscribing to free does', async () => {
    const { bearer } = await signedIn(app)
    await expectProblem(await subscribe(bearer, 'free'), 'already-subscribed')
    await subscribe(bearer, 'starter')
    const answer = await subscribe(bearer, 'free')
    expect(answer.status).toBe(200)
    expect(await bodyOf<View>(answer)).toMatchObject({
      plan: { name: 'starter' },
      status: 'cancelled',
      pending: { plan: 'free' },
    })
  })

  test('is done once by 20 at once', async () => {
    const { bearer } = await signedIn(app, { plan: 'starter', role: 'subscriber' })
    const statuses = (await Promise.all(Array.from({ length: 20 }, () => cancel(bearer))))
      .map(({ status }) => status)
      .sort()
    expect(statuses).toEqual([200, ...Array<number>(19).fill(409)])
  })
})
