import { describe, expect, test } from 'bun:test'
import { runJobNow } from '../../../src/jobs/runner.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { endedAgo } from '../../support/subscriptions.ts'

const app = await openTestApp()
const { request, deps } = app
const root = await signedIn(app, { role: 'superadmin' })

type Person = { id: string; email: string; role: string; plan: { name: string } }
type Item = { id: string; accountId: string; plan: string; status: string }

async function listed<T>(path: string, limit = 100, after = ''): Promise<T[]> {
  const items: T[] = []
  for (let cursor: string | null = after; cursor !== null; ) {
    const query: string = `${path}&limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`
    const answer = await request(query, { bearer: root.bearer })
    expect(answer.status).toBe(200)
    const page: { items: T[]; nextCursor: string | null } = await bodyOf(answer)
    items.push(...page.items)
    cursor = page.nextCursor
  }
  return items
}

const day = 86_400_000
const given = (role: string, plan: string, ends?: 'tomorrow' | 'yesterday') =>
  signedIn(app, { role, plan, endsAt: ends ? new Date(Date.now() + day) : null }).then(async (person) => {
    if (ends === 'yesterday') await endedAgo(app, person.id, day / 1000)
    return person
  })

// Whoever has a plan, whoever has none, and whoever's has run out without a job; administrators among them.
for (const role of ['user', 'subscriber', 'admin', 'guest'])
  for (const ends of ['tomorrow', 'yesterday', undefined] as const) await given(role, 'business', ends)
for (const role of ['user', 'subscriber', 'admin']) await given(role, 'free')

const roles = ['user', 'subscriber', 'admin', 'guest', 'superadmin']
const plans = ['free', 'business', 'starter']
const views = async (people: Person[]) =>
  Promise.all(
    people.map(async ({ id }) => bodyOf<Person>(await request(`/v1/admin/users/${id}`, { bearer: root.bearer }))),
  )

for (const moment of ['before any job saw what ran out', 'after it did'])
  describe(`people, ${moment}`, () => {
    test('are listed as each is viewed, and found by the role and plan they have, and by no other', async () => {
      if (moment === 'after it did') await runJobNow(deps, 'end-expired')
      const all = await listed<Person>('/v1/admin/users?sort=createdAt')
      expect((await views(all)).map(({ role, plan }) => [role, plan.name])).toEqual(
        all.map(({ role, plan }) => [role, plan.name]),
      )
      expect(all.filter(({ role }) => role === 'user').length).toBeGreaterThan(2)
      for (const sort of ['createdAt', '-createdAt', 'email', '-lastLoginAt']) {
        const inOrder = await listed<Person>(`/v1/admin/users?sort=${sort}`)
        for (const role of [undefined, ...roles])
          for (const plan of [undefined, ...plans]) {
            const expected = inOrder.filter(
              (person) => (!role || person.role === role) && (!plan || person.plan.name === plan),
            )
            const filter = `${role ? `&role=${role}` : ''}${plan ? `&plan=${plan}` : ''}`
            for (const limit of [2, 100])
              expect([filter, await listed<Person>(`/v1/admin/users?sort=${sort}${filter}`, limit)]).toEqual([
                filter,
                expected,
              ])
          }
      }
    })
  })

describe('subscriptions', () => {
  test('that have run out are expired in the list and under every filter, and in force under none', async () => {
    const person = await signedIn(app)
    await request('/v1/subscription', { bearer: person.bearer, json: { plan: 'starter', interval: 'month' } })
    await endedAgo(app, person.id, 60)
    for (let round = 0; round < 2; round++) {
      const all = await listed<Item>('/v1/admin/subscriptions?')
      expect(all.find(({ accountId, plan }) => accountId === person.id && plan === 'starter')?.status).toBe('expired')
      for (const plan of [undefined, ...plans])
        for (const status of ['trialing', 'active', 'past_due', 'cancelled', 'expired']) {
          const expected = all.filter((item) => item.status === status && (!plan || item.plan === plan))
          const filter = `status=${status}${plan ? `&plan=${plan}` : ''}`
          for (const limit of [1, 100])
            expect([filter, await listed<Item>(`/v1/admin/subscriptions?${filter}`, limit)]).toEqual([filter, expected])
        }
      await runJobNow(deps, 'end-expired')
    }
  })

  test('are told as they are to their owner too, in the export', async () => {
    const person = await signedIn(app, { plan: 'business', role: 'subscriber', endsAt: new Date(Date.now() + day) })
    await endedAgo(app, person.id, 60)
    const { subscriptions } = await bodyOf<{ subscriptions: { plan: string; status: string }[] }>(
      await request('/v1/me/export', { bearer: person.bearer }),
    )
    expect(subscriptions).toMatchObject([{ plan: 'business', status: 'expired' }])
  })
})

test('nobody is missed or told twice when somebody’s plan ends between two pages', async () => {
  const people = await Promise.all(Array.from({ length: 6 }, () => given('subscriber', 'enterprise', 'tomorrow')))
  const path = '/v1/admin/users?role=subscriber&plan=enterprise'
  const first = await bodyOf<{ items: Person[]; nextCursor: string }>(
    await request(`${path}&limit=2`, { bearer: root.bearer }),
  )
  const told = first.items.map(({ id }) => id)
  const [ended = '', ...others] = people.map(({ id }) => id).filter((id) => !told.includes(id))
  await endedAgo(app, ended, 1)
  const rest = await listed<Person>(path, 2, first.nextCursor)
  expect(rest.map(({ id }) => id).sort()).toEqual(others.sort())
})
