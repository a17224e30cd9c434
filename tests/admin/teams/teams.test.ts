import { expect, test } from 'bun:test'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'
import { givenTeam } from '../../support/teams.ts'

const app = await openTestApp()
const { request, sql } = app
const admin = await signedIn(app, { role: 'admin' })

type Item = { id: string; ownerId: string; plan: string; active: boolean; seats: { limit: number; used: number } }
type Page = { items: (Item & { ownerEmail: string; surplusSince: string | null })[]; nextCursor: string | null }
const list = async (query = '') => bodyOf<Page>(await request(`/v1/admin/teams${query}`, { bearer: admin.bearer }))

test('teams are listed newest first, page by page, those of an owner, and those that have too few seats', async () => {
  const full = await givenTeam(app, { plan: 'professional', members: 1 })
  const asleep = await givenTeam(app, { plan: 'business' })
  const short = await givenTeam(app, { plan: 'business' })
  await sql`update teams set surplus_since = clock_timestamp() where id = ${short.id}`
  await sql.begin(async (tx) => {
    await tx`update user_subscriptions set started_at = started_at - interval '2 hours', current_period_end = clock_timestamp() - interval '1 hour' where account_id = ${asleep.owner.id}`
  })
  const first = await list('?limit=2')
  expect(first.items.map(({ id }) => id)).toEqual([short.id, asleep.id])
  const second = await list(`?limit=2&cursor=${first.nextCursor}`)
  expect(second).toMatchObject({
    items: [
      {
        id: full.id,
        ownerId: full.owner.id,
        ownerEmail: full.owner.email,
        plan: 'professional',
        active: true,
        seats: { limit: 10, used: 2 },
        surplusSince: null,
      },
    ],
    nextCursor: null,
  })
  expect((await list(`?ownerId=${asleep.owner.id}`)).items).toMatchObject([
    { id: asleep.id, plan: 'free', active: false, seats: { limit: 1, used: 1 } },
  ])
  expect((await list('?surplus=true')).items.map(({ id }) => id)).toEqual([short.id])
  expect((await list(`?surplus=true&ownerId=${full.owner.id}`)).items).toEqual([])
  const refused = await request('/v1/admin/teams?surplus=perhaps', { bearer: admin.bearer })
  await expectProblem(refused, 'validation-failed')
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from audit_logs where action = 'team.search' and actor_id = ${admin.id}`
  expect(row?.count).toBe(5)
})
