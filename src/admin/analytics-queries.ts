import type { Db } from '../db.ts'
import type { Range } from './analytics.ts'

/** When the views were refreshed last; null before the first time. */
export async function findAsOf(sql: Db): Promise<Date | null> {
  const [row] = await sql<
    { at: Date | null }[]
  >`select finished_at as at from job_runs where name = 'refresh-views' and outcome = 'succeeded'`
  return row?.at ?? null
}

export type Totals = {
  accounts: number
  active: number
  locked: number
  paying: number
  trialing: number
  mrrMinor: number
}

export async function findTotals(sql: Db): Promise<Totals> {
  const [row] = await sql<Totals[]>`
    select count(*)::float8 as accounts, count(*) filter (where status = 'active')::float8 as active, count(*) filter (where status = 'locked')::float8 as locked,
           count(*) filter (where plan <> 'free' and subscription_status <> 'trialing')::float8 as paying,
           count(*) filter (where subscription_status = 'trialing')::float8 as trialing,
           (select coalesce(sum(mrr_minor), 0)::float8 from revenue_by_plan_and_day) as mrr_minor
      from account_directory`
  return row ?? { accounts: 0, active: 0, locked: 0, paying: 0, trialing: 0, mrrMinor: 0 }
}

export type Activity = {
  day: string
  signUps: number
  logIns: number
  failures: number
  lockouts: number
  reuse: number
}

export async function listActivity(sql: Db, { from, to }: Range): Promise<Activity[]> {
  return sql<Activity[]>`
    select d::date::text as day, coalesce(a.sign_ups, 0)::float8 as sign_ups, coalesce(a.log_ins, 0)::float8 as log_ins,
           coalesce(a.failures, 0)::float8 as failures, coalesce(a.lockouts, 0)::float8 as lockouts, coalesce(a.reuse, 0)::float8 as reuse
      from generate_series(${from}::date, ${to}::date, interval '1 day') d left join activity_by_day a on a.day = d::date order by 1`
}

export type Revenue = { plan: string; currency: string; started: number; ended: number; mrrMinor: number }

export async function listRevenue(sql: Db, { from, to }: Range): Promise<Revenue[]> {
  return sql<Revenue[]>`
    select plan, currency, sum(started) filter (where day between ${from}::date and ${to}::date)::float8 as started,
           sum(ended) filter (where day between ${from}::date and ${to}::date)::float8 as ended, sum(mrr_minor)::float8 as mrr_minor
      from revenue_by_plan_and_day group by plan, currency order by plan`
}

export type Share = { plan: string; accounts: number; trialing: number; share: number }

export async function listPlanDistribution(sql: Db): Promise<Share[]> {
  return sql<Share[]>`
    select coalesce(plan, 'free') as plan, count(*)::float8 as accounts, count(*) filter (where subscription_status = 'trialing')::float8 as trialing,
           (count(*) / sum(count(*)) over ())::float8 as share
      from account_directory group by 1 order by 2 desc`
}

export type FailingAddress = { ipAddress: string; failures: number }

export async function listFailingAddresses(sql: Db, { from, to }: Range, limit: number): Promise<FailingAddress[]> {
  return sql<FailingAddress[]>`
    select ip_address, count(*)::float8 as failures from login_attempts
     where outcome = 'failed' and ip_address is not null and at >= ${from}::date at time zone 'UTC' and at < (${to}::date + 1) at time zone 'UTC'
     group by 1 order by 2 desc, 1 limit ${limit}`
}
