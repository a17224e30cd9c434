import { describe, expect, test } from 'bun:test'
import { recordAuthzChange } from '../../src/changes/record.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { logIn } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { reloadCatalogue } from '../support/guarded.ts'
import { mailsTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { createGrant } from '../support/quotas.ts'
import { givenTeam } from '../support/teams.ts'

const app = await openTestApp()
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin' })
const grantTo = createGrant(app, root.bearer)
const grant = (id: string, plan: string) => grantTo(id, '/subscription', { plan })
const run = () => runJobNow(app.deps, 'end-surplus-seats')
const days = 86_400_000

type Person = { id: string; email: string }
type Member = Person & { key: string }

/** A team with that many members, who joined a minute after one another; the first is first. */
async function givenFullTeam(count: number, plan = 'business', endsAt: Date | null = null) {
  const { id, owner } = await givenTeam(app, { plan, endsAt })
  const people = await sql.begin(async (tx) => {
    const rows = await tx<Person[]>`
      with people as (
        insert into user_accounts (id, email, email_verified_at)
        select uuid_v7(), gen_random_uuid() || '@people.test', clock_timestamp() from generate_series(1, ${count}::int) returning id, email),
      free as (
        insert into user_subscriptions (id, account_id, plan, status) select uuid_v7(), id, 'free', 'active' from people)
      select id, email from people order by id`
    await tx`
      insert into team_members (account_id, team_id, joined_at)
      select p.id, ${id}, clock_timestamp() - interval '1 hour' + p.position * interval '1 minute'
        from unnest(${rows.map((row) => row.id)}::uuid[]) with ordinality p (id, position)`
    for (const row of rows) await recordAuthzChange(tx, { accountId: row.id })
    return rows
  })
  const members: Member[] = await Promise.all(
    people.map(async (person) => ({ ...person, key: (await givenApiKey(app, person.id)).key })),
  )
  return { id, owner, members }
}

const may = async (key: string, feature: string) =>
  (await request(`/v1/entitlements/${feature}`, { bearer: key })).status === 200
/** Who of them may use a feature, by their next request. */
async function whoMay(feature: string, members: Member[]): Promise<string[]> {
  const answers = await Promise.all(members.map(({ key }) => may(key, feature)))
  return members.filter((_, i) => answers[i]).map(({ id }) => id)
}
const idsOf = (members: { id: string }[]) => members.map(({ id }) => id)

async function surplusOf(teamId: string) {
  const [row] = await sql<{ since: Date | null; told: boolean; members: string[] }[]>`
    select surplus_since as since, surplus_told as told,
           array(select account_id from team_members m where m.team_id = t.id and m.account_id <> t.owner_id order by joined_at) as members
      from teams t where id = ${teamId}`
  if (!row) throw new Error('there is no such team')
  return row
}
/** As if the days of grace had gone by. */
const daysLater = (teamId: string) =>
  sql`update teams set surplus_since = surplus_since - interval '337 hours' where id = ${teamId}`
const noticesTo = async ({ email }: Person, template: string) =>
  (await mailsTo(app, email))
    .filter((mail) => mail.template === template)
    .flatMap(({ contents }) => contents.events ?? [])

type Seats = { id: string; joinedAt: string; loses: string; at: string }[]
async function preview(bearer: string, plan: string): Promise<{ when: string; seats: Seats }> {
  return bodyOf(await request('/v1/subscription/preview', { bearer, json: { plan, interval: 'month' } }))
}

describe('the owner of forty people goes from business to professional', () => {
  test('the preview says who loses what and when, those who stay have the lower plan at once, the newest thirty leave after fourteen days', async () => {
    const endsAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 10 * days)
    const { id, owner, members } = await givenFullTeam(39, 'business', endsAt)
    const [oldest, newest] = [members.slice(0, 9), members.slice(9)]
    const { accessToken } = await logIn(app, owner)
    const lower = await preview(accessToken, 'professional')
    expect(lower.when).toBe(endsAt.toISOString())
    expect(lower.seats.map((seat) => seat.id)).toEqual(idsOf(newest).reverse())
    const at = new Date(endsAt.getTime() + 14 * days).toISOString()
    expect(new Set(lower.seats.map((seat) => `${seat.loses} ${seat.at}`))).toEqual(new Set([`seat ${at}`]))
    const without = await preview(accessToken, 'starter')
    expect(without.seats.map((seat) => seat.id)).toEqual(idsOf(members).reverse())
    expect(new Set(without.seats.map((seat) => `${seat.loses} ${seat.at}`))).toEqual(
      new Set([`plan ${endsAt.toISOString()}`]),
    )
    expect((await preview(accessToken, 'enterprise')).seats).toEqual([])
    expect((await surplusOf(id)).since).toBeNull()

    expect(await whoMay('audit_logs', members)).toEqual(idsOf(members))
    await grant(owner.id, 'professional')
    expect(await whoMay('audit_logs', members)).toEqual([])
    expect(await whoMay('premium_dashboard', members)).toEqual(idsOf(members))
    const since = (await surplusOf(id)).since
    expect(since).not.toBeNull()

    expect(await run()).toBe(1)
    expect(await run()).toBe(0)
    const until = new Date((since?.getTime() ?? 0) + 14 * days).toISOString()
    expect(await noticesTo(owner, 'team-seats')).toMatchObject([{ members: 30, until }])
    for (const person of newest) expect(await noticesTo(person, 'team-seats')).toMatchObject([{ members: null, until }])
    for (const person of oldest) expect(await noticesTo(person, 'team-seats')).toEqual([])
    expect((await preview(accessToken, 'professional')).seats.map((seat) => seat.at)).toEqual(Array(30).fill(until))
    expect(await surplusOf(id)).toMatchObject({ since, told: true, members: idsOf(members) })

    await daysLater(id)
    expect(await run()).toBe(1)
    expect(await whoMay('premium_dashboard', members)).toEqual(idsOf(oldest))
    expect(await surplusOf(id)).toEqual({ since: null, told: false, members: idsOf(oldest) })
    for (const person of newest) expect(await noticesTo(person, 'team-changed')).toMatchObject([{ change: 'surplus' }])
    const [trail] = await sql<{ count: number }[]>`
      select count(*)::int from audit_logs where action = 'team.remove_member' and entity_id = any(${idsOf(newest)})`
    expect(trail?.count).toBe(30)
    expect(await run()).toBe(0)
  })
})

describe('no member is removed', () => {
  test('where the owner pays for more, or enough people left, before the days were over', async () => {
    const { id, owner, members } = await givenFullTeam(10)
    await grant(owner.id, 'professional')
    expect((await surplusOf(id)).since).not.toBeNull()
    await grant(owner.id, 'business')
    expect((await surplusOf(id)).since).toBeNull()
    await grant(owner.id, 'professional')
    expect(await run()).toBe(1)
    const { accessToken } = await logIn(app, owner)
    const leaving = `/v1/team/members/${members[3]?.id}`
    expect((await request(leaving, { method: 'DELETE', bearer: accessToken })).status).toBe(204)
    expect(await surplusOf(id)).toMatchObject({ since: null, told: false })
    expect(await run()).toBe(0)
  })

  test('while the team sleeps, and the days begin anew when they were over meanwhile', async () => {
    const { id, owner, members } = await givenFullTeam(10)
    await grant(owner.id, 'professional')
    expect(await run()).toBe(1)
    await grant(owner.id, 'starter')
    const { since } = await surplusOf(id)
    expect(since).not.toBeNull()
    await grant(owner.id, 'professional')
    expect((await surplusOf(id)).since).toEqual(since)
    await grant(owner.id, 'starter')
    await daysLater(id)
    expect(await run()).toBe(1)
    expect(await surplusOf(id)).toEqual({ since: null, told: false, members: idsOf(members) })
    expect(await run()).toBe(0)
    await grant(owner.id, 'professional')
    expect(await whoMay('premium_dashboard', members)).toEqual(idsOf(members))
    expect((await surplusOf(id)).told).toBe(false)
    expect(await run()).toBe(1)
    expect((await surplusOf(id)).members).toEqual(idsOf(members))
  })

  test('and no day counts while a team sleeps that has seats enough', async () => {
    const { id, owner } = await givenFullTeam(2)
    await grant(owner.id, 'starter')
    expect((await surplusOf(id)).since).toBeNull()
    expect(await run()).toBe(0)
  })

  test('but new ones cannot join', async () => {
    const { id, owner } = await givenFullTeam(10)
    await grant(owner.id, 'professional')
    const { accessToken } = await logIn(app, owner)
    const invited = await request('/v1/team/invitations', { bearer: accessToken, json: { email: 'new@people.test' } })
    await expectProblem(invited, 'seats-exhausted')
    expect((await surplusOf(id)).members).toHaveLength(10)
  })
})

test('an edit of the catalogue that takes seats away, or gives them back, counts from the next run of the job', async () => {
  await sql`insert into subscription_plans (name, display_name, description, tier, max_users) values ('shared', 'Shared', '', 61, 6)`
  await sql`insert into plan_features (plan, feature) select 'shared', unnest('{api_access,team_collaboration}'::text[])`
  await reloadCatalogue(app)
  const { id } = await givenFullTeam(5, 'shared')
  const edit = async (maxUsers: number) => {
    const changed = await request('/v1/admin/plans/shared', {
      method: 'PATCH',
      bearer: root.bearer,
      json: { maxUsers },
    })
    expect(changed.status).toBe(200)
    return runJobNow(app.deps, 'settle-teams')
  }
  expect(await edit(4)).toBe(1)
  expect((await surplusOf(id)).since).not.toBeNull()
  expect(await edit(3)).toBe(0)
  expect(await edit(6)).toBe(1)
  expect((await surplusOf(id)).since).toBeNull()
})
