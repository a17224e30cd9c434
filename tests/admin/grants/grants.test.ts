import { describe, expect, test } from 'bun:test'
import { signedIn, stateOf } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app

const admin = await signedIn(app, { role: 'admin' })
const give = (id: string, json: Record<string, unknown>) =>
  request(`/v1/admin/users/${id}/subscription`, {
    method: 'PUT',
    bearer: admin.bearer,
    json: { reason: 'agreed', ...json },
  })
const entitlements = async (bearer: string) => bodyOf(await request('/v1/me/entitlements', { bearer }))

describe("an administrator's grant", () => {
  test('of any plan is in force at the next request, the plan by quote too, and makes a user a subscriber', async () => {
    const person = await signedIn(app)
    for (const [plan, role] of [
      ['enterprise', 'subscriber'],
      ['starter', 'subscriber'],
      ['free', 'user'],
      ['business', 'subscriber'],
    ] as const) {
      const answer = await give(person.id, { plan })
      expect(answer.status).toBe(200)
      expect(await bodyOf(answer)).toMatchObject({
        plan: { name: plan },
        status: 'active',
        currentPeriodEnd: null,
        interval: null,
        provider: 'manual',
      })
      expect(await entitlements(person.bearer)).toMatchObject({ plan, role })
    }
    const rows = await sql<
      { grantedBy: string; reason: string }[]
    >`select granted_by, reason from user_subscriptions where account_id = ${person.id} and granted_by is not null`
    expect(rows).toHaveLength(4)
    expect(new Set(rows.map(({ grantedBy, reason }) => `${grantedBy} ${reason}`))).toEqual(
      new Set([`${admin.id} agreed`]),
    )
  })

  test('may have an end, whatever the offset it is written in; free has none, and the past is no end', async () => {
    const person = await signedIn(app)
    const end = new Date(Date.now() + 86_400_000)
    const abroad = `${new Date(end.getTime() + 5.5 * 3_600_000).toISOString().slice(0, -1)}+05:30`
    expect(await bodyOf(await give(person.id, { plan: 'starter', endsAt: abroad }))).toMatchObject({
      currentPeriodEnd: end.toISOString(),
      pending: null,
    })
    const before = await stateOf(app, person.id)
    for (const json of [
      { plan: 'starter', endsAt: new Date(Date.now() - 1_000).toISOString() },
      { plan: 'free', endsAt: end.toISOString() },
      { plan: 'starter', endsAt: '2027-02-30T00:00:00Z' },
      { plan: 'starter', endsAt: 1_900_000_000 },
      { plan: 'platinum' },
      { plan: 'starter', reason: '' },
      { plan: 'starter', reason: 'x'.repeat(501) },
    ])
      await expectProblem(await give(person.id, json), 'validation-failed')
    expect(await stateOf(app, person.id)).toEqual(before)
  })

  test('spends no trial, and one granted plan can be cancelled like any other', async () => {
    const person = await signedIn(app)
    await give(person.id, { plan: 'starter' })
    expect((await request('/v1/subscription', { method: 'DELETE', bearer: person.bearer })).status).toBe(200)
    const answer = await request('/v1/subscription', {
      bearer: person.bearer,
      json: { plan: 'starter', interval: 'month' },
    })
    expect(await bodyOf(answer)).toMatchObject({ plan: { name: 'starter' }, status: 'trialing' })
  })

  test('by 20 at once leaves one subscription in force', async () => {
    const person = await signedIn(app)
    const plans = ['starter', 'professional', 'business', 'enterprise']
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => give(person.id, { plan: plans[i % 4] })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(
      await sql`select 1 from user_subscriptions where account_id = ${person.id} and ended_at is null`,
    ).toHaveLength(1)
  })
})

describe('the list of subscriptions', () => {
  type Item = { id: string; plan: string; status: string; startedAt: string }

  async function listed(query: string, limit: number): Promise<Item[]> {
    const items: Item[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const path: string = `/v1/admin/subscriptions?limit=${limit}${query}${cursor ? `&cursor=${cursor}` : ''}`
      const page: { items: Item[]; nextCursor: string | null } = await bodyOf(
        await request(path, { bearer: admin.bearer }),
      )
      items.push(...page.items)
      cursor = page.nextCursor
    }
    return items
  }

  test('holds each once, newest first, in pages of any size and under every filter', async () => {
    const all = await listed('', 100)
    const [{ count } = { count: 0 }] = await sql<{ count: number }[]>`select count(*)::int from user_subscriptions`
    expect(all).toHaveLength(count)
    expect(all.map(({ id }) => id)).toEqual(
      all
        .map(({ id }) => id)
        .sort()
        .reverse(),
    )
    expect(await listed('', 3)).toEqual(all)
    for (const plan of ['free', 'starter', 'enterprise'])
      for (const status of ['active', 'expired', 'trialing', 'past_due']) {
        const expected = all.filter((item) => item.plan === plan && item.status === status)
        expect(await listed(`&plan=${plan}&status=${status}`, 2)).toEqual(expected)
        expect(await listed(`&plan=${plan}`, 2)).toEqual(all.filter((item) => item.plan === plan))
        expect(await listed(`&status=${status}`, 7)).toEqual(all.filter((item) => item.status === status))
      }
  })

  test('says who looked', async () => {
    await listed('&plan=starter', 100)
    const [line] =
      await sql`select actor_id, details ->> 'plan' as plan from audit_logs where action = 'subscription.search' order by id desc limit 1`
    expect(line).toEqual({ actorId: admin.id, plan: 'starter' } as never)
  })
})
