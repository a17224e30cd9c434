import type { Db } from '../../db/types.ts'

/** Days, both included. */
export type Range = { from: string; to: string }

/** When the views were last refreshed; null before the first time. */
export async function findAsOf(sql: Db): Promise<Date | null> {
  const [row] = await sql<{ at: Date | null }[]>`select succeeded_at as at from job_runs where name = 'refresh-views'`
  return row?.at ?? null
}

/** `invited` accounts were not accepted yet, and are not in `accounts`. */
export type Totals = { accounts: number; active: number; locked: number; invited: number }

/** The totals, from the sums of every day: no scan of the accounts. */
export async function findTotals(sql: Db): Promise<Totals> {
  const [row] = await sql<Totals[]>`
    select coalesce(sum(sign_ups - erased), 0)::float8 as accounts, coalesce(sum(sign_ups - erased - locked), 0)::float8 as active,
           coalesce(sum(locked), 0)::float8 as locked, coalesce(sum(invited), 0)::float8 as invited
      from activity_by_day`
  return row ?? { accounts: 0, active: 0, locked: 0, invited: 0 }
}

export type Activity = {
  day: string
  signUps: number
  logIns: number
  failures: number
  lockouts: number
  reuse: number
}

/** Sums of each day of the range, also of days without any. */
export async function listActivity(sql: Db, { from, to }: Range): Promise<Activity[]> {
  return sql<Activity[]>`
    select d::date::text as day, coalesce(a.sign_ups, 0)::float8 as sign_ups, coalesce(a.log_ins, 0)::float8 as log_ins,
           coalesce(a.failures, 0)::float8 as failures, coalesce(a.lockouts, 0)::float8 as lockouts, coalesce(a.reuse, 0)::float8 as reuse
      from generate_series(${from}::date::timestamp, ${to}::date::timestamp, interval '1 day') d left join activity_by_day a on a.day = d::date order by 1`
}

export type PlanFigures = {
  plan: string
  currency: string
  started: number
  ended: number
  /**
   * Accounts on the plan now: all, those on trial, and those whose subscription renews (neither on trial nor
   * cancelled).
   */
  accounts: number
  trialing: number
  renewing: number
  /** Capped at 2^53 − 1. */
  mrrMinor: number
}

/** The subscriptions of each plan. What began and ended is counted within the range, the rest as of now. */
export async function listPlanFigures(sql: Db, range: Range | null): Promise<PlanFigures[]> {
  const inRange = range ? sql`day between ${range.from}::date and ${range.to}::date` : sql`true`
  return sql<PlanFigures[]>`
    select plan, currency, coalesce(sum(started) filter (where ${inRange}), 0)::float8 as started, coalesce(sum(ended) filter (where ${inRange}), 0)::float8 as ended,
           sum(in_force)::float8 as accounts, sum(trialing)::float8 as trialing, sum(renewing)::float8 as renewing,
           least(round(sum(annual_minor) / 12), 9007199254740991)::float8 as mrr_minor
      from revenue_by_plan_and_day group by plan, currency order by plan`
}

type FailingAddress = { ipAddress: string; failures: number }

/**
 * The addresses with the most failures, from the addresses that failed most on each day (sql/functions/sums.sql has
 * their number).
 */
export async function listFailingAddresses(sql: Db, { from, to }: Range, limit: number): Promise<FailingAddress[]> {
  return sql<FailingAddress[]>`
    select ip_address, sum(failures)::float8 as failures from failing_addresses
     where day between ${from}::date and ${to}::date
     group by 1 order by 2 desc, 1 limit ${limit}`
}
