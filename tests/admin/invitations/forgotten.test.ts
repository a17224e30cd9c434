import { expect, test } from 'bun:test'
import { runJobNow } from '../../../src/jobs/runner.ts'
import { signedIn } from '../../support/administration.ts'
import { openTestApp } from '../../support/app.ts'
import { mailsTo } from '../../support/mails.ts'
import { expectProblem } from '../../support/problems.ts'
import { invitationSteps } from './invited.ts'

const app = await openTestApp()
const { sql, request } = app
const { invited, invite, accept, accepted } = invitationSteps(app)
const admin = await signedIn(app, { role: 'admin' })
const age = (id: string, days: number) =>
  sql`update invitations set invited_at = clock_timestamp() - ${`${days} days`}::interval where account_id = ${id}`
const statusOf = async (id: string) =>
  (await sql<{ status: string }[]>`select status from user_accounts where id = ${id}`)[0]?.status

test('30 days after the last invitation an account that nobody accepted is erased, and audited; nobody is told', async () => {
  const [old, young, locked, taken] = [
    await invited(admin.bearer, { firstName: 'Ravi' }),
    await invited(admin.bearer),
    await invited(admin.bearer),
    await invited(admin.bearer),
  ]
  await age(old.id, 30)
  await age(young.id, 29)
  await age(locked.id, 31)
  await request(`/v1/admin/users/${locked.id}/lock`, { bearer: admin.bearer, json: { reason: 'wrong person' } })
  await age(taken.id, 40)
  await accepted(taken.token)
  expect(await runJobNow(app.deps, 'erase-invited')).toBe(1)
  expect(await Promise.all([old, young, locked, taken].map(({ id }) => statusOf(id)))).toEqual([
    'deleted',
    'invited',
    'locked',
    'active',
  ])
  await expectProblem(await accept(old.token), 'invalid-link')
  expect(await mailsTo(app, old.email)).toHaveLength(0)
  expect(await sql`select 1 from invitations where account_id = ${old.id}`).toHaveLength(0)
  const rows = await sql`select actor_id from audit_logs where action = 'account.erase' and entity_id = ${old.id}`
  expect(rows).toEqual<unknown>([{ actorId: null }])
  expect((await invite(admin.bearer, { email: old.email })).status).toBe(201)
  expect(await runJobNow(app.deps, 'erase-invited')).toBe(0)
})

test('a batch is twenty, and the rest follows without a pause', async () => {
  const people = Array.from({ length: 21 }, () => ({ id: Bun.randomUUIDv7() }))
  const ids = people.map(({ id }) => id)
  await sql`
    insert into user_accounts (id, email, status, is_invited) select id, id || '@people.test', 'invited', true from unnest(${ids}::uuid[]) id`
  await sql`
    insert into invitations (account_id, invited_by, invited_at) select id, ${admin.id}, clock_timestamp() - interval '31 days' from unnest(${ids}::uuid[]) id`
  const runs = [await runJobNow(app.deps, 'erase-invited'), await runJobNow(app.deps, 'erase-invited')]
  expect(runs).toEqual([20, 1])
})
