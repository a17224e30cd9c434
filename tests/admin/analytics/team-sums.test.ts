import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isRestricted } from '../../../src/db/database.ts'
import { givenAccount } from '../../support/accounts.ts'
import { openTestApp } from '../../support/app.ts'
import { givenTeam } from '../../support/teams.ts'

const app = await openTestApp()
const { sql } = app
await sql`
  insert into subscription_plans (name, display_name, description, tier, max_users)
  values ('pair', 'Pair', '', 60, 2), ('group', 'Group', '', 61, 4), ('vast', 'Vast', '', 62, null)`

const steps = fc.record({
  what: fc.constantFrom(
    'make',
    'join',
    'join',
    'leave',
    'pay',
    'lapse',
    'refuse',
    'grant',
    'forget',
    'edit',
    'seats',
    'end',
  ),
  of: fc.nat(3),
  plan: fc.constantFrom('pair', 'group', 'vast', 'free'),
  isCounted: fc.boolean(),
})
type Step = { what: string; of: number; plan: string; isCounted: boolean }

const change = (ownerId: string, how: (tx: typeof sql) => Promise<unknown>) =>
  app.deps.sql.begin(async (tx) => {
    await tx`select lock_teams(array[${ownerId}::uuid])`
    await how(tx as unknown as typeof sql)
    await tx`select record_authz_change(${ownerId})`
  })

/** One step; which team it concerns wraps around those that are there. */
async function take(ownersSoFar: string[], { what, of, plan }: Omit<Step, 'isCounted'>): Promise<unknown> {
  if (what === 'make')
    return ownersSoFar.push((await givenTeam(app, { plan: plan === 'free' ? 'pair' : plan })).owner.id)
  if (what === 'seats')
    return sql`update subscription_plans set max_users = ${of + 1} where name = ${plan} and name <> 'free'`
  if (what === 'edit') {
    const { count } = await sql`delete from plan_features where plan = ${plan} and feature = 'team_collaboration'`
    return (
      count === 0 &&
      plan !== 'free' &&
      sql`insert into plan_features (plan, feature) values (${plan}, 'team_collaboration')`
    )
  }
  const owner = ownersSoFar[of % ownersSoFar.length]
  if (owner === undefined) return
  switch (what) {
    case 'join': {
      const { id } = await givenAccount(app)
      return sql`insert into team_members (account_id, team_id) select ${id}, id from teams where owner_id = ${owner}`.catch(
        (error) => {
          if (!isRestricted(error, 'team_seats')) throw error
        },
      )
    }
    case 'leave':
      return sql`
        delete from team_members where account_id = (
          select m.account_id from team_members m join teams t on t.id = m.team_id where t.owner_id = ${owner} and m.account_id <> ${owner} limit 1)`
    case 'pay':
      return change(
        owner,
        (tx) =>
          tx`update user_subscriptions set plan = ${plan}, current_period_end = null where account_id = ${owner} and ended_at is null`,
      )
    case 'lapse':
      await change(
        owner,
        (tx) => tx`
          update user_subscriptions set started_at = started_at - interval '1 day', current_period_end = clock_timestamp() - interval '1 second'
           where account_id = ${owner} and ended_at is null and plan <> 'free'`,
      )
      return sql`select end_expired()`
    case 'refuse':
    case 'grant':
      return sql`
        insert into account_features (account_id, feature, granted, reason) values (${owner}, 'team_collaboration', ${what === 'grant'}, 'test')
            on conflict (account_id, feature) do update set granted = excluded.granted`
    case 'forget':
      return sql`delete from account_features where account_id = ${owner}`
    case 'end':
      ownersSoFar.splice(of % ownersSoFar.length, 1)
      return sql`delete from teams where owner_id = ${owner}`
  }
}

/** From the tables, without a function of the schema. */
async function expected() {
  const rows = await sql<
    { plan: string; has: boolean; granted: boolean | null; most: number | null; people: number }[]
  >`
    select s.plan, f.feature is not null as has, o.granted, p.max_users as most,
           (select count(*)::int from team_members m where m.team_id = t.id) as people
      from teams t join user_subscriptions s on s.account_id = t.owner_id and s.ended_at is null join subscription_plans p on p.name = s.plan
      left join plan_features f on f.plan = s.plan and f.feature = 'team_collaboration'
      left join account_features o on o.account_id = t.owner_id and o.feature = 'team_collaboration'`
  const teams = rows.map(({ plan, has, granted, most, people }) =>
    plan !== 'free' && (granted ?? has)
      ? { plan, seats: Math.min(most ?? 500, 500), used: people }
      : { plan: 'free', seats: 0, used: people },
  )
  return [...Map.groupBy(teams, ({ plan }) => plan)]
    .map(([plan, own]) => ({
      plan,
      teams: own.length,
      seats: own.reduce((sum, { seats }) => sum + seats, 0),
      used: own.reduce((sum, { used }) => sum + used, 0),
    }))
    .sort((a, b) => (a.plan < b.plan ? -1 : 1))
}

const counted = () =>
  sql`select plan, sum(teams)::int as teams, sum(seats)::int as seats, sum(used)::int as used from team_sums
       group by 1 having sum(teams) <> 0 or sum(seats) <> 0 or sum(used) <> 0 order by plan collate "C"`

async function expectTrue(): Promise<void> {
  await sql`select sum_teams()`
  expect<unknown>(await counted()).toEqual(await expected())
}

test('the sums of teams are what the tables say, whatever happened to teams, owners and plans, and counting all anew changes nothing', async () => {
  const to = (what: string, plan = 'group'): Step => ({ what, of: 0, plan, isCounted: true })
  const alone = [
    'make',
    'join',
    'leave',
    'seats',
    'refuse',
    'forget',
    'join',
    'edit',
    'edit',
    'edit',
    'grant',
    'edit',
    'pay',
    'lapse',
  ]
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 15 }), async (taken) => {
      await sql`delete from teams`
      await sql`insert into plan_features (plan, feature) values ('group', 'team_collaboration') on conflict do nothing`
      const owners: string[] = []
      for (const one of taken) {
        await take(owners, one)
        if (one.isCounted) await expectTrue()
      }
      await expectTrue()
      await sql`insert into team_changes (team_id) values (null)`
      await expectTrue()
    }),
    {
      numRuns: 8,
      endOnFailure: true,
      examples: [[[...alone.map((what) => to(what)), to('pay'), to('pay', 'pair'), to('end')]]],
    },
  )
})

test('who counts waits for who is counting: what both count adds up once', async () => {
  const { id } = await givenTeam(app, { plan: 'group' })
  await sql`select sum_teams()`
  const { second, hasEnded } = await app.deps.sql.begin(async (tx) => {
    await tx`select sum_teams()`
    await sql`insert into team_changes (team_id) values (${id})`
    let hasEnded = false
    const second = sql`select sum_teams()`.then(() => {
      hasEnded = true
    })
    const isWaiting = async () =>
      (await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length >
      0
    while (!hasEnded && !(await isWaiting()));
    return { second, hasEnded }
  })
  await second
  expect(hasEnded).toBe(false)
  await expectTrue()
})
