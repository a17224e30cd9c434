import { expect } from 'bun:test'
import type { TestApp } from './app.ts'

/** Runs the SQL of the job. @returns how many accounts it changed */
export async function endExpired({ sql }: TestApp): Promise<number> {
  const [row] = await sql<{ ended: number }[]>`select end_expired()::int as ended`
  return row?.ended ?? 0
}

/** Ends plan and overrides `seconds` ago: times in SQL are tested by ageing rows. */
export async function endedAgo({ sql }: TestApp, accountId: string, seconds: number): Promise<void> {
  const end = sql`date_trunc('milliseconds', clock_timestamp() - make_interval(secs => ${seconds}))`
  const aged = await sql`
    update user_subscriptions set started_at = started_at - interval '30 days', current_period_end = ${end}
     where account_id = ${accountId} and ended_at is null and current_period_end is not null returning 1`
  const cleared = await sql`update account_features set expires_at = ${end} where account_id = ${accountId} returning 1`
  expect(aged.length + cleared.length).toBeGreaterThan(0)
}

/** The stored plan of an account, independent of the clock. */
export async function storedPlan({ sql }: TestApp, accountId: string) {
  const [row] = await sql`
    select a.role, a.authz_version::int as version, s.plan, s.status,
           (select count(*)::int from account_features f where f.account_id = a.id) as overrides
      from user_accounts a join user_subscriptions s on s.account_id = a.id and s.ended_at is null where a.id = ${accountId}`
  return row
}

/** Accounts whose plan ended yesterday. */
export async function manyDue({ sql }: TestApp, count: number): Promise<void> {
  await sql`
    with people as (
      insert into user_accounts (id, email, password_hash, role)
      select uuid_v7(), 'due-' || n || '@people.test', (select password_hash from user_accounts limit 1), 'subscriber' from generate_series(1, ${count}::int) n returning id)
    insert into user_subscriptions (id, account_id, plan, status, current_period_end)
    select uuid_v7(), id, 'starter', 'active', clock_timestamp() - interval '1 day' from people`
}
