import { afterAll, expect, test } from 'bun:test'
import { hashToken } from '../../src/crypto/hash.ts'
import { AppError, problems } from '../../src/errors/app-error.ts'
import { openDeps } from '../../src/services.ts'
import { acceptTeam } from '../../src/teams/accept.ts'
import { removeMember } from '../../src/teams/members.ts'
import { actingAs } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { closedBeforeDrop } from '../support/cluster.ts'
import { givenTeam } from '../support/teams.ts'

const app = await openTestApp()
const { sql } = app
const others = [await openDeps(app.config, app.deps.log), await openDeps(app.config, app.deps.log)]
for (const deps of others) afterAll(closedBeforeDrop(app.databaseUrl, () => deps.close(1)))
const instances = [app.deps, ...others]

/** Active accounts on the free plan with a verified address, without the price of a password each. */
async function givenPeople(count: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    with people as (
      insert into user_accounts (id, email, email_verified_at)
      select uuid_v7(), gen_random_uuid() || '@people.test', clock_timestamp() from generate_series(1, ${count}::int) returning id)
    insert into user_subscriptions (id, account_id, plan, status) select uuid_v7(), id, 'free', 'active' from people returning account_id as id`
  return rows.map(({ id }) => id)
}

/** An invitation to an account's address, whose token is that text. */
const invited = (teamId: string, accountId: string, token: string) => sql`
  insert into team_invitations (id, team_id, email, token_hash, expires_at)
  select uuid_v7(), ${teamId}, email, ${hashToken(token)}, clock_timestamp() + interval '1 hour' from user_accounts where id = ${accountId}`

/** What came of each: `done`, or the code of the refusal. An answer of 5xx asks for another try, at the next instance. */
async function outcomeOf(instance: number, act: (deps: typeof app.deps) => Promise<void>): Promise<string> {
  try {
    await act(instances[instance % instances.length] ?? app.deps)
    return 'done'
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return problems[error.code].status >= 500 ? outcomeOf(instance + 1, act) : error.code
  }
}

const accepted = (instance: number, accountId: string, token: string) =>
  outcomeOf(instance, (deps) => acceptTeam(deps, actingAs(accountId), token))

const tally = (results: string[]) =>
  Object.fromEntries([...new Set(results)].sort().map((one) => [one, results.filter((other) => other === one).length]))

/** Whatever happened: nobody holds a plan without a membership, or a membership without the plan. */
async function expectWhole(): Promise<void> {
  const wrong = await sql`
    select a.id from user_accounts a left join team_members m on m.account_id = a.id left join teams t on t.id = m.team_id
     where a.payer_id is distinct from nullif(t.owner_id, a.id)
        or a.payer_id is not null and has_other_plan(a, clock_timestamp())`
  expect(wrong).toHaveLength(0)
}

test('200 at once for the 9 free seats of a plan of 10, over three instances: exactly 9 join', async () => {
  const { id } = await givenTeam(app, { plan: 'professional' })
  const people = await givenPeople(200)
  await Promise.all(people.map((person) => invited(id, person, person)))
  const results = await Promise.all(people.map((person, i) => accepted(i, person, person)))
  expect(tally(results)).toEqual({ done: 9, 'seats-exhausted': 191 })
  expect(await sql`select 1 from team_members where team_id = ${id}`).toHaveLength(10)
  // Those who joined used their invitation, nobody else did.
  expect(await sql`select 1 from team_invitations where team_id = ${id}`).toHaveLength(191)
  const orphans = await sql`
    select 1 from team_invitations i join user_accounts a on a.email = i.email join team_members m on m.account_id = a.id where i.team_id = ${id}`
  expect(orphans).toHaveLength(0)
  await expectWhole()
})

test('of ten teams that one person accepts at once, one has them', async () => {
  const teams = await Promise.all(Array.from({ length: 10 }, () => givenTeam(app)))
  const [person = ''] = await givenPeople(1)
  await Promise.all(teams.map(({ id }) => invited(id, person, id)))
  const results = await Promise.all(teams.map(({ id }, i) => accepted(i, person, id)))
  expect(tally(results)).toEqual({ 'already-in-team': 9, done: 1 })
  expect(await sql`select 1 from team_members where account_id = ${person}`).toHaveLength(1)
  expect(
    await sql`select 1 from team_invitations i join user_accounts a using (email) where a.id = ${person}`,
  ).toHaveLength(9)
  await expectWhole()
})

test('one link that is used by ten requests at once makes one membership', async () => {
  const { id } = await givenTeam(app)
  const [person = ''] = await givenPeople(1)
  await invited(id, person, 'the one')
  const results = await Promise.all(Array.from({ length: 10 }, (_, i) => accepted(i, person, 'the one')))
  expect(tally(results)).toEqual({ 'invalid-link': 9, done: 1 })
})

test('whoever is removed and leaves at once loses the plan once, and their seat is free once', async () => {
  const { id, owner } = await givenTeam(app, { plan: 'professional' })
  const people = await givenPeople(9)
  await Promise.all(people.map((person) => invited(id, person, person)))
  await Promise.all(people.map((person, i) => accepted(i, person, person)))
  const ended = await Promise.all(
    people.flatMap((person, i) =>
      [owner.id, person].map((actor) => outcomeOf(i, (deps) => removeMember(deps, actingAs(actor), person))),
    ),
  )
  expect(tally(ended)).toEqual({ done: 9, 'not-found': 9 })
  expect(await sql`select 1 from team_members where team_id = ${id}`).toHaveLength(1)
  await expectWhole()
})
