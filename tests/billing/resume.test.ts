import { describe, expect, test } from 'bun:test'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { endedAgo } from '../support/subscriptions.ts'

const app = await openTestApp()
const { request, sql, deps } = app

type Person = Awaited<ReturnType<typeof signedIn>>
type View = { plan: { name: string }; status: string; currentPeriodEnd: string }

const subscribe = ({ bearer }: Person, plan: string) =>
  request('/v1/subscription', { bearer, json: { plan, interval: 'month' } })
const cancel = ({ bearer }: Person) => request('/v1/subscription', { method: 'DELETE', bearer })
const resume = ({ bearer }: Person, headers = {}) =>
  request('/v1/subscription/resume', { method: 'POST', bearer, headers })
const read = async ({ bearer }: Person) => bodyOf<View>(await request('/v1/subscription', { bearer }))
const entitlements = async ({ bearer }: Person) => bodyOf(await request('/v1/me/entitlements', { bearer }))

async function givenCancelledTrial(plan = 'starter'): Promise<Person> {
  const person = await signedIn(app)
  expect((await subscribe(person, plan)).status).toBe(200)
  expect((await cancel(person)).status).toBe(200)
  return person
}

const tomorrow = () => new Date(Date.now() + 86_400_000)

describe('a cancellation taken back', () => {
  test('leaves a trial as it was: its days, its rights, and that it was tried', async () => {
    const person = await signedIn(app)
    await subscribe(person, 'professional')
    const before = await read(person)
    await cancel(person)
    const answer = await resume(person)
    expect(answer.status).toBe(200)
    expect(await bodyOf<View>(answer)).toEqual(before)
    expect(await read(person)).toEqual(before)
    expect(await entitlements(person)).toMatchObject({ plan: 'professional', role: 'subscriber' })
    expect((await cancel(person)).status).toBe(200)
    expect((await resume(person)).status).toBe(200)
    const lines = await sql<{ action: string }[]>`
      select action from audit_logs where actor_id = ${person.id} and action like 'subscription.%' order by id`
    expect(lines.map(({ action }) => action)).toEqual([
      'subscription.start_trial',
      'subscription.cancel',
      'subscription.resume',
      'subscription.cancel',
      'subscription.resume',
    ])
  })

  test('leaves what was granted until a day as it was', async () => {
    const person = await signedIn(app, { plan: 'business', role: 'subscriber', endsAt: tomorrow() })
    await cancel(person)
    expect(await bodyOf(await resume(person))).toMatchObject({
      plan: { name: 'business' },
      status: 'active',
      cancelAtPeriodEnd: false,
      pending: null,
    })
  })

  test('is none on free, where nothing was cancelled, once the period is over, and of somebody who is gone', async () => {
    const person = await signedIn(app)
    await expectProblem(await resume(person), 'nothing-to-cancel')
    await subscribe(person, 'starter')
    await expectProblem(await resume(person), 'nothing-to-cancel')
    await cancel(person)
    await endedAgo(app, person.id, 1)
    await expectProblem(await resume(person), 'nothing-to-cancel')
    expect(await read(person)).toMatchObject({ plan: { name: 'free' }, status: 'active' })
    await expectProblem(
      await request('/v1/subscription/resume', { bearer: person.bearer, json: { plan: 'starter' } }),
      'bad-request',
    )
  })

  test('is one of 20 at once, and the same again under a key', async () => {
    const person = await givenCancelledTrial()
    const answers = await Promise.all(Array.from({ length: 20 }, () => resume(person)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(409)])
    await cancel(person)
    const key = { 'Idempotency-Key': Bun.randomUUIDv7() }
    const [first, second] = [await resume(person, key), await resume(person, key)]
    expect([first.status, second.status, second.headers.get('idempotency-replayed')]).toEqual([200, 200, 'true'])
  })
})

describe('while a cancelled trial lasts', () => {
  test('another plan’s trial begins at once and takes its place; that one is not had again', async () => {
    const person = await givenCancelledTrial('starter')
    const answer = await subscribe(person, 'professional')
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toMatchObject({
      plan: { name: 'professional' },
      status: 'trialing',
      cancelAtPeriodEnd: false,
    })
    expect(
      await sql`select 1 from user_subscriptions where account_id = ${person.id} and ended_at is null`,
    ).toHaveLength(1)
    await expectProblem(await subscribe(person, 'starter'), 'checkout-unavailable')
  })

  test('a preview says the same', async () => {
    const person = await givenCancelledTrial('starter')
    const preview = async (plan: string) =>
      bodyOf(await request('/v1/subscription/preview', { bearer: person.bearer, json: { plan } }))
    expect(await preview('professional')).toMatchObject({ cost: { amountMinor: 0, trialDays: 14 } })
    expect(await preview('starter')).toMatchObject({ cost: { trialDays: 0 } })
  })

  test('its own plan is not tried twice, and the refusal says how to keep it', async () => {
    const person = await givenCancelledTrial('starter')
    const problem = await expectProblem(await subscribe(person, 'starter'), 'checkout-unavailable')
    expect(problem.detail).toContain('POST /v1/subscription/resume')
    expect(await read(person)).toMatchObject({ plan: { name: 'starter' }, status: 'cancelled' })
  })

  test('what was granted gives way to no trial, cancelled or not', async () => {
    const person = await signedIn(app, { plan: 'starter', role: 'subscriber', endsAt: tomorrow() })
    await expectProblem(await subscribe(person, 'professional'), 'checkout-unavailable')
    await cancel(person)
    await expectProblem(await subscribe(person, 'professional'), 'checkout-unavailable')
  })
})

test('what a denial offers is what a POST does: on free, on trial, and after cancelling one', async () => {
  const states: Record<string, () => Promise<Person>> = {
    free: () => signedIn(app),
    'a trial': async () => {
      const person = await signedIn(app)
      await subscribe(person, 'starter')
      return person
    },
    'a cancelled trial': () => givenCancelledTrial('starter'),
    'a trial that is over': async () => {
      const person = await givenCancelledTrial('starter')
      await endedAgo(app, person.id, 1)
      return person
    },
  }
  for (const [state, given] of Object.entries(states)) {
    const offers = new Map<string, string>()
    const { bearer } = await given()
    for (const feature of deps.catalogue.current.features.keys()) {
      const answer = await request(`/v1/entitlements/${feature}`, { bearer })
      const { upgrade } = await bodyOf<{ upgrade?: { plan: string; checkout: string } }>(answer)
      if (upgrade) offers.set(upgrade.plan, upgrade.checkout)
    }
    expect([state, offers.size > 1]).toEqual([state, true])
    for (const [plan, checkout] of offers) {
      const answer = await subscribe(await given(), plan)
      // That this very plan was tried stands in no token: the one offer that a POST may refuse.
      const wasTried = state === 'a trial that is over' && plan === 'starter'
      expect([state, plan, answer.status]).toEqual([state, plan, checkout === 'trial' && !wasTried ? 200 : 409])
    }
  }
})

test('a trial of before this was kept, cancelled or over, is known as one', async () => {
  const person = await givenCancelledTrial()
  const [row] = await sql`select trial from user_subscriptions where account_id = ${person.id} and ended_at is null`
  expect(row).toEqual({ trial: true } as never)
  // As a server of before inserts it, and as somebody's console does.
  const other = await signedIn(app)
  await sql`
    update user_subscriptions set plan = 'starter', status = 'trialing', current_period_end = ${tomorrow()}
     where account_id = ${other.id}`
  expect((await cancel(other)).status).toBe(200)
  expect(await bodyOf(await resume(other))).toMatchObject({ status: 'trialing' })
})
