import { freePlan } from '../../access/lapse.ts'
import type { Principal } from '../../access/principal.ts'
import { readFromReplica } from '../../db/replica.ts'
import { toDays } from '../../http/input/range.ts'
import type { AdminDeps } from '../deps.ts'
import {
  findAsOf,
  findTotals,
  listActivity,
  listFailingAddresses,
  listPlanFigures,
  type PlanFigures,
  type Range,
} from './queries.ts'

/** The longest range of one answer. */
const maxDays = 366

/** UTC days, both included; the last 30 by default. @throws AppError `validation-failed` for a bad range */
export function toRange(deps: Pick<AdminDeps, 'now'>, asked: { from?: string; to?: string }): Range {
  return toDays(asked, new Date(deps.now()).toISOString().slice(0, 10), maxDays)
}

export function readOverview(deps: AdminDeps, { accountId }: Principal) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [asOf, totals, plans] = await Promise.all([findAsOf(sql), findTotals(sql), listPlanFigures(sql, null)])
    return {
      asOf,
      ...totals,
      paying: sum(plans.map(paying)),
      trialing: sum(plans.map((plan) => plan.trialing)),
      mrr: byCurrency(plans),
    }
  })
}

export function readSignUps(deps: AdminDeps, { accountId }: Principal, range: Range) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [asOf, days] = await Promise.all([findAsOf(sql), listActivity(sql, range)])
    return { asOf, ...range, days: days.map(({ day, signUps, logIns }) => ({ day, signUps, logIns })) }
  })
}

/** Monthly recurring revenue by plan: a month's price, or a twelfth of a year's, as it is paid, of what renews. */
export function readRevenue(deps: AdminDeps, { accountId }: Principal, range: Range) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [asOf, rows] = await Promise.all([findAsOf(sql), listPlanFigures(sql, range)])
    const plans = rows.map(({ plan, currency, started, ended, mrrMinor }) => ({
      plan,
      currency,
      started,
      ended,
      mrrMinor,
    }))
    return { asOf, ...range, mrr: byCurrency(rows), plans }
  })
}

export function readPlans(deps: AdminDeps, { accountId }: Principal) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [asOf, rows] = await Promise.all([findAsOf(sql), listPlanFigures(sql, null)])
    const accounts = sum(rows.map((row) => row.accounts))
    const share = (part: number) => (accounts === 0 ? 0 : part / accounts)
    const plans = rows
      .filter((row) => row.accounts > 0)
      .map((row) => ({ plan: row.plan, accounts: row.accounts, trialing: row.trialing, share: share(row.accounts) }))
      .sort((a, b) => b.accounts - a.accounts)
    return { asOf, accounts, conversion: share(sum(rows.map(paying))), plans }
  })
}

export function readSecurity(deps: AdminDeps, { accountId }: Principal, range: Range) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [asOf, days, addresses] = await Promise.all([
      findAsOf(sql),
      listActivity(sql, range),
      listFailingAddresses(sql, range, 20),
    ])
    return {
      asOf,
      ...range,
      days: days.map(({ day, failures, lockouts, reuse }) => ({ day, failures, lockouts, reuse })),
      addresses,
    }
  })
}

/** Renewing subscriptions: trials and cancelled ones do not count. */
function paying({ plan, renewing }: PlanFigures): number {
  return plan === freePlan ? 0 : renewing
}

/** Sums by currency: amounts of different currencies cannot be added. Exact up to 2^53 − 1, which stands for more. */
function byCurrency(plans: PlanFigures[]): { currency: string; mrrMinor: number }[] {
  return [...Map.groupBy(plans, ({ currency }) => currency)].map(([currency, rows]) => ({
    currency,
    mrrMinor: Math.min(sum(rows.map(({ mrrMinor }) => mrrMinor)), Number.MAX_SAFE_INTEGER),
  }))
}

function sum(figures: number[]): number {
  return figures.reduce((total, figure) => total + figure, 0)
}
