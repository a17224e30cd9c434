import { describe, expect, test } from 'bun:test'
import { recordAuthzChange } from '../../../src/changes/record.ts'
import { givenTeam } from '../../support/teams.ts'
import { openReports, usd } from './reports.ts'

type Level = { plan: string; teams: number; seats: { sold: number; used: number } }
type Revenue = { mrr: unknown; plans: { plan: string; started: number }[]; teams: { day: string; plans: Level[] }[] }
type Plans = { accounts: number; conversion: number; plans: { plan: string; accounts: number; members: number }[] }

describe('of teams', async () => {
  // One that is full of members, one whose owner is alone, one that sleeps; and four who are in none.
  const { app, read } = await openReports(
    [
      { plan: 'starter', interval: 'month' },
      { plan: 'free' },
      { plan: 'free' },
      { plan: 'business', interval: 'month', status: 'trialing', trialEndsOn: '2099-01-01' },
    ],
    async (service) => {
      const { owner } = await givenTeam(service, { plan: 'business', members: 4 })
      await service.sql`update user_subscriptions set billing_interval = 'month' where account_id = ${owner.id}`
      await givenTeam(service, { plan: 'professional' })
      const asleep = await givenTeam(service, { plan: 'business', members: 2 })
      await service.sql.begin(async (tx) => {
        await tx`select lock_teams(array[${asleep.owner.id}::uuid])`
        await tx`update user_subscriptions set plan = 'starter' where account_id = ${asleep.owner.id} and ended_at is null`
        await recordAuthzChange(tx, { accountId: asleep.owner.id })
      })
    },
  )
  const { sql } = app
  const today = new Date().toISOString().slice(0, 10)
  const now: Level[] = [
    { plan: 'business', teams: 1, seats: { sold: 50, used: 5 } },
    { plan: 'free', teams: 1, seats: { sold: 0, used: 3 } },
    { plan: 'professional', teams: 1, seats: { sold: 10, used: 1 } },
  ]

  test('the overview tells those that are active and asleep, and the seats; who pays is the owner', async () => {
    expect(await read('overview')).toMatchObject({
      accounts: 14,
      paying: 4,
      trialing: 1,
      teams: { active: 2, asleep: 1, seats: { sold: 60, used: 6 } },
    })
  })

  test('a member is on the plan of their team, and no payer who is missing; of a team that sleeps everybody is on their own', async () => {
    const { accounts, conversion, plans } = await read<Plans>('plans')
    const of = (name: string) => plans.find(({ plan }) => plan === name)
    expect({ accounts, conversion }).toEqual({ accounts: 14, conversion: 4 / 10 })
    expect(of('business')).toMatchObject({ accounts: 6, members: 4 })
    expect(of('professional')).toMatchObject({ accounts: 1, members: 0 })
    expect(of('starter')).toMatchObject({ accounts: 2, members: 0 })
    // The administrator who asks, two without a team, two whose team sleeps.
    expect(of('free')).toMatchObject({ accounts: 5, members: 0 })
    const rows = await sql<{ plan: string; count: number }[]>`
      select plan, count(*)::int from user_accounts where status <> 'deleted' group by 1`
    expect(Object.fromEntries(plans.map(({ plan, accounts: count }) => [plan, count]))).toEqual(
      Object.fromEntries(rows.map(({ plan, count }) => [plan, count])),
    )
  })

  test('revenue has the owner’s subscription once, and the teams of each day', async () => {
    const { mrr, plans, teams } = await read<Revenue>('revenue')
    expect(mrr).toEqual(usd(999 + 9999) as never)
    expect(plans.find(({ plan }) => plan === 'business')).toMatchObject({ started: 1 })
    expect(teams).toEqual([{ day: today, plans: now }])
  })

  test('a day on which nothing changed has what the day before left, and one before all counts nothing', async () => {
    await sql`update team_sums set day = '2026-03-10' where plan <> 'professional'`
    await sql`update team_sums set day = '2026-03-12' where plan = 'professional'`
    await sql`insert into team_sums (day, plan, teams, seats, used) values ('2026-03-12', 'business', 1, 50, 7), ('2026-03-13', 'business', -1, -50, -7)`
    const { teams } = await read<Revenue>('revenue?from=2026-03-09&to=2026-03-13')
    const two = { plan: 'business', teams: 2, seats: { sold: 100, used: 12 } }
    expect(teams).toEqual([
      { day: '2026-03-10', plans: now.slice(0, 2) },
      { day: '2026-03-11', plans: now.slice(0, 2) },
      { day: '2026-03-12', plans: [two, ...now.slice(1)] },
      { day: '2026-03-13', plans: now },
    ])
    const later = await read<Revenue>('revenue?from=2026-03-12&to=2026-03-12')
    expect(later.teams).toEqual([{ day: '2026-03-12', plans: [two, ...now.slice(1)] }])
  })
})
