import { expect, test } from 'bun:test'
import { runJobNow } from '../../../src/jobs/runner.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { endedAgo } from '../../support/subscriptions.ts'

const app = await openTestApp()
const { request, sql } = app
const admin = await signedIn(app, { role: 'admin' })

/** The plans by which a list of people finds this one. */
async function foundOn({ email }: { email: string }): Promise<string[]> {
  const plans = ['free', 'starter', 'professional', 'business', 'enterprise']
  const found = await Promise.all(
    plans.map(async (plan) => {
      const query = `plan=${plan}&q=${encodeURIComponent(email)}`
      const answer = await request(`/v1/admin/users?${query}`, { bearer: admin.bearer })
      const { items } = await bodyOf<{ items: { plan: { name: string } }[] }>(answer)
      expect(items.map((item) => item.plan.name)).toEqual(items.map(() => plan))
      return items.length
    }),
  )
  return plans.filter((_, i) => found[i] === 1)
}

test('people are found by the plan they are on, however it began or ended, and by no other', async () => {
  const person = await signedIn(app)
  const ask = (method: string, json?: unknown) => request('/v1/subscription', { method, json, bearer: person.bearer })
  const grant = (json: unknown) =>
    request(`/v1/admin/users/${person.id}/subscription`, { method: 'PUT', json, bearer: admin.bearer })
  expect(await foundOn(person)).toEqual(['free'])
  await ask('POST', { plan: 'starter', interval: 'month' })
  expect(await foundOn(person)).toEqual(['starter'])
  await ask('DELETE')
  expect(await foundOn(person)).toEqual(['starter'])
  await grant({ plan: 'enterprise', endsAt: '2099-01-01T00:00:00Z', reason: 'study' })
  expect(await foundOn(person)).toEqual(['enterprise'])
  await endedAgo(app, person.id, 60)
  expect(await foundOn(person)).toEqual(['free'])
  await runJobNow(app.deps, 'end-expired')
  expect(await foundOn(person)).toEqual(['free'])
  await grant({ plan: 'business', reason: 'study' })
  expect(await foundOn(person)).toEqual(['business'])
  // As an SQL console would.
  await sql`update user_subscriptions set plan = 'professional' where account_id = ${person.id} and ended_at is null`
  expect(await foundOn(person)).toEqual(['professional'])
})

test('of an erased account no plan is left', async () => {
  const person = await signedIn(app, { plan: 'business', role: 'subscriber' })
  expect(await foundOn(person)).toEqual(['business'])
  await request(`/v1/admin/users/${person.id}`, { method: 'DELETE', bearer: admin.bearer })
  expect(await foundOn(person)).toEqual([])
  expect(await sql`select plan, plan_ends_at from user_accounts where id = ${person.id}`).toEqual([
    { plan: 'free', planEndsAt: null },
  ] as never)
})
