import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { openOwnTeam } from '../../src/teams/team.ts'
import { actingAs, signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { bodyOf, openTestApp, type TestApp } from '../support/app.ts'
import { type Person as Actor, type Command, createTeamActs, teamCommands } from '../support/team-acts.ts'
import { planOf, readTeamWorld } from '../support/team-oracle.ts'

/** TEST_RUNS=200 is the long form. */
const numRuns = Number(process.env.TEST_RUNS ?? 5)
const env = { SEATS_GRACE_DAYS: '0', RATE_LIMIT_API: 'off' }
const app = await openTestApp(env)
const beside = () => openTestApp({ ...env, DATABASE_URL: app.databaseUrl })
const instances = [app, await beside(), await beside()]
const { sql } = app
const { act, administer } = createTeamActs(instances, (await signedIn(app, { role: 'admin' })).bearer)

// Two seats are soon too few, and a plan that is not shared lets a team sleep.
await sql`
  insert into subscription_plans (name, display_name, description, tier, max_users)
  values ('pair', 'Pair', '', 60, 2), ('group', 'Group', '', 61, 4), ('alone', 'Alone', '', 62, 9)`
await sql`insert into plan_features (plan, feature) select plan, 'api_access' from unnest('{pair,group,alone}'::text[]) plan`
await sql`insert into plan_features (plan, feature) values ('pair', 'team_collaboration'), ('group', 'team_collaboration')`
await sql.begin((tx) => tx`select record_catalogue_change()`)
await hear()

/** Every instance knows what was committed until now. */
async function hear(): Promise<void> {
  // A poll under way may have begun before.
  for (let i = 0; i < 2; i++) await Promise.all(instances.map(({ deps }) => deps.feed.poll()))
}

type Person = Actor & { key: string }
const people = 4

async function givenPeople(): Promise<Person[]> {
  const rows = await sql<{ id: string; email: string }[]>`
    with people as (
      insert into user_accounts (id, email, email_verified_at)
      select uuid_v7(), gen_random_uuid() || '@people.test', clock_timestamp() from generate_series(1, ${people}::int) returning id, email),
    free as (
      insert into user_subscriptions (id, account_id, plan, status) select uuid_v7(), id, 'free', 'active' from people)
    select id, email from people order by id`
  return Promise.all(rows.map(async (row) => ({ ...row, key: (await givenApiKey(app, row.id)).key })))
}

/** What an instance lets somebody do: their plan, or the refusal. */
async function effective(on: TestApp, person: Person): Promise<string> {
  const answer = await on.request('/v1/me/entitlements', { bearer: person.key })
  if (answer.status === 200) return (await bodyOf<{ plan: string }>(answer)).plan
  if (answer.status === 401) return 'refused'
  if (answer.status > 500) return effective(on, person)
  return (await bodyOf<{ code: string }>(answer)).code
}

async function expectTrue(everybody: Person[]): Promise<void> {
  await hear()
  const world = await readTeamWorld(
    sql,
    everybody.map(({ id }) => id),
  )
  const expected = everybody.map(({ id }) => planOf(world, id))
  for (const on of instances)
    expect(await Promise.all(everybody.map((person) => effective(on, person)))).toEqual(expected)
  const [wrong] = await sql<{ orphans: number; crowded: number }[]>`
    select (select count(*)::int from team_invitations i
             where i.email = any(${everybody.filter(({ id }) => world.statusOf[id] === 'deleted').map(({ email }) => email)})
                or not exists (select from teams t join user_accounts o on o.id = t.owner_id where t.id = i.team_id and o.status <> 'deleted')) as orphans,
           (select count(*)::int from teams t
             where surplus_since is null and (select plan <> 'free' from shared_plan(t.owner_id, clock_timestamp()))
               and (select count(*) from team_members m where m.team_id = t.id) > seats_of(t.owner_id)) as crowded`
  expect(wrong).toEqual({ orphans: 0, crowded: 0 })
}

/** Two join, one has to leave for want of a seat, the team sleeps, wakes and ends. */
const to = (kind: Command['kind'], who: number, plan = 'free', other = 0): Command => ({
  kind,
  who,
  other,
  plan,
  on: who % 3,
})
const wholeLife: Command[][] = [
  [to('join', 2), to('join', 3)],
  [to('pay', 0, 'pair'), to('lock', 3)],
  [to('tidy', 1), to('unlock', 3)],
  [to('tidy', 2), to('lapse', 0), to('join', 3, 'free', 1)],
  [to('pay', 0, 'group'), to('join', 1)],
  [to('erase', 1), to('leave', 2)],
  [to('join', 2), to('join', 3)],
  [to('erase', 0), to('leave', 3)],
]

test('whatever people do about teams and plans at once, everybody has what the oracle says, on every instance, after every step', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(teamCommands(people), { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 6 }),
      async (steps) => {
        const everybody = await givenPeople()
        const [first, second] = everybody
        if (!first || !second) throw new Error('there are four')
        // Two of them begin with a team that others can join.
        for (const owner of [first, second]) {
          await administer(app, owner, 'PUT', '/subscription', { plan: 'group', reason: 'test' })
          await app.deps.sql.begin((tx) => openOwnTeam(tx, app.deps, actingAs(owner.id)))
        }
        await expectTrue(everybody)
        for (const step of steps) {
          await Promise.all(step.map((command) => act(command, everybody)))
          await expectTrue(everybody)
        }
      },
    ),
    { numRuns, endOnFailure: true, examples: [[wholeLife]] },
  )
}, 600_000)
