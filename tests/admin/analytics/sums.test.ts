import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { openTestApp } from '../../support/app.ts'

const app = await openTestApp()
const { sql } = app

type Step =
  | { what: 'sign-up'; invited: boolean; day: number }
  | { what: 'status'; of: number; to: 'active' | 'locked' | 'deleted' }
  | { what: 'accept' | 'forget'; of: number }
  | { what: 'subscribe'; of: number; plan: string; interval: string | null; status: string; day: number }
  | { what: 'change'; of: number; status: string; ended: boolean }
  | { what: 'drop'; of: number }
  | { what: 'refresh' }

const of = fc.nat(7)
const day = fc.nat(3)
const status = fc.constantFrom('active', 'trialing', 'past_due', 'cancelled')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ what: fc.constant('sign-up' as const), invited: fc.boolean(), day }),
  fc.record({
    what: fc.constant('status' as const),
    of,
    to: fc.constantFrom('active' as const, 'locked' as const, 'deleted' as const),
  }),
  fc.record({ what: fc.constantFrom('accept' as const, 'forget' as const), of }),
  fc.record({
    what: fc.constant('subscribe' as const),
    of,
    plan: fc.constantFrom('free', 'starter', 'business'),
    interval: fc.constantFrom(null, 'month', 'year'),
    status,
    day,
  }),
  fc.record({ what: fc.constant('change' as const), of, status, ended: fc.boolean() }),
  fc.record({ what: fc.constant('drop' as const), of }),
  fc.record({ what: fc.constant('refresh' as const) }),
)

/** One step; which account it concerns wraps around those that are there. */
async function take(ids: string[], one: Step): Promise<unknown> {
  if (one.what === 'refresh') return sql`select sum_changes()`
  if (one.what === 'sign-up') {
    const id = Bun.randomUUIDv7()
    ids.push(id)
    return sql`
      insert into user_accounts (id, email, is_invited, status, created_at)
      values (${id}, ${`${id}@sums.test`}, ${one.invited}, ${one.invited ? 'invited' : 'active'}, ${`2026-03-1${one.day}T23:59:59Z`})`
  }
  const id = ids[one.of % ids.length]
  if (id === undefined) return
  switch (one.what) {
    case 'status':
      return one.to === 'deleted'
        ? sql`update user_accounts set status = 'deleted', deleted_at = now(), email = null, password_hash = null where id = ${id}`
        : sql`update user_accounts set status = ${one.to} where id = ${id} and status <> 'deleted' and not is_invited`
    case 'accept':
      return sql`update user_accounts set is_invited = false, status = 'active' where id = ${id} and status = 'invited'`
    case 'forget':
      ids.splice(one.of % ids.length, 1)
      return sql.begin(async (tx) => {
        await tx`delete from user_subscriptions where account_id = ${id}`
        await tx`delete from user_accounts where id = ${id}`
      })
    case 'subscribe': {
      const at = `2026-03-1${one.day}T00:00:00Z`
      await sql`update user_subscriptions set status = 'expired', ended_at = ${at} where account_id = ${id} and ended_at is null`
      return sql`
        insert into user_subscriptions (id, account_id, plan, status, billing_interval, started_at, current_period_end)
        values (${Bun.randomUUIDv7()}, ${id}, ${one.plan}, ${one.status}, ${one.interval}, ${at}, '2099-01-01')`
    }
    case 'change':
      return sql`
        update user_subscriptions set status = case when ${one.ended} then 'expired' else ${one.status} end,
               ended_at = case when ${one.ended} then '2026-03-12T12:00:00Z'::timestamptz end
         where account_id = ${id} and ended_at is null`
    case 'drop':
      return sql`delete from user_subscriptions where account_id = ${id}`
  }
}

const sums = async () => ({
  activity: await sql`
    select day::text, sign_ups, erased, locked, invited from activity_sums where (sign_ups, erased, locked, invited) <> (0, 0, 0, 0) order by day`,
  subscriptions: await sql`
    select * from subscription_sums where (started, ended, in_force, trialing, renewing) <> (0, 0, 0, 0, 0) order by day, plan, billing_interval, price_id`,
})

describe('the sums by day', () => {
  test('that changes add up to are those that are counted from all rows, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        await sql`delete from user_subscriptions`
        await sql`delete from user_accounts`
        const ids: string[] = []
        for (const one of steps) await take(ids, one)
        await sql`select sum_changes()`
        const added = await sums()
        await sql`select recount_sums()`
        expect(added).toEqual(await sums())
      }),
      { numRuns: 25 },
    )
  })

  test('are not what a transaction wrote that was rolled back', async () => {
    await sql`select recount_sums()`
    const before = await sums()
    const id = Bun.randomUUIDv7()
    await sql
      .begin(async (tx) => {
        await tx`insert into user_accounts (id, email) values (${id}, ${`${id}@sums.test`})`
        throw new Error('no')
      })
      .catch(() => {})
    await sql`select sum_changes()`
    expect(await sums()).toEqual(before)
  })
})

describe('the addresses that failed most', () => {
  const failed = (at: string, ip: string, accountId: string | null = null) =>
    sql`insert into login_attempts (id, at, account_id, outcome, ip_address) values (gen_random_uuid(), ${at}, ${accountId}, 'failed', ${ip})`
  const listed = async () =>
    (
      await sql<
        { day: string; ipAddress: string; failures: number }[]
      >`select day::text, ip_address, failures::int from failing_addresses order by 1, 2`
    ).map(({ day, ipAddress, failures }) => `${day} ${ipAddress} ${failures}`)

  test('are counted again where sign-ins are deleted, by an erasure or past their retention; what was counted of a closed day stays', async () => {
    const id = Bun.randomUUIDv7()
    await sql`insert into user_accounts (id, email) values (${id}, ${`${id}@sums.test`})`
    await failed('2026-03-12T00:00:00Z', '192.0.2.1')
    await failed('2026-03-12T23:59:59Z', '192.0.2.1', id)
    await failed('2026-03-12T12:00:00Z', '192.0.2.2', id)
    await failed('2026-05-01T12:00:00Z', '192.0.2.3')
    await sql`select refresh_views()`
    expect(await listed()).toEqual(['2026-03-12 192.0.2.1 2', '2026-03-12 192.0.2.2 1', '2026-05-01 192.0.2.3 1'])
    await sql`delete from login_attempts where account_id = ${id}`
    await sql`select refresh_views()`
    expect(await listed()).toEqual(['2026-03-12 192.0.2.1 1', '2026-05-01 192.0.2.3 1'])
    await sql`delete from login_attempts where at < '2026-04-01'`
    await sql`select refresh_views()`
    expect(await listed()).toEqual(['2026-05-01 192.0.2.3 1'])
    expect(
      await sql`select day::text, failures::int from activity_by_day where failures > 0 order by 1`,
    ).toEqual<unknown>([
      { day: '2026-03-12', failures: 3 },
      { day: '2026-05-01', failures: 1 },
    ])
  })

  test('of the day of the last sign-in and the day before are counted anew each time, and the 200 of a day are kept', async () => {
    await sql`
      insert into login_attempts (id, at, outcome, ip_address)
      select gen_random_uuid(), '2026-05-01T13:00:00Z', 'failed', '198.51.100.' || n % 250 from generate_series(0, 449) n`
    await failed('2026-04-30T13:00:00Z', '192.0.2.4')
    await sql`select refresh_views()`
    const now = await listed()
    expect(now.filter((line) => line.startsWith('2026-04-30'))).toEqual(['2026-04-30 192.0.2.4 1'])
    expect(now.filter((line) => line.startsWith('2026-05-01'))).toEqual(
      Array.from({ length: 200 }, (_, n) => `2026-05-01 198.51.100.${n} 2`).sort(),
    )
  })
})
