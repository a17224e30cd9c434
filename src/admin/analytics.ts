import type { Deps } from '../deps.ts'
import { invalid } from '../errors.ts'
import {
  findAsOf,
  findTotals,
  listActivity,
  listFailingAddresses,
  listPlanDistribution,
  listRevenue,
} from './analytics-queries.ts'

const DayMs = 86_400_000
/** The longest stretch that one answer covers. */
const MaxDays = 366

export type Range = { from: string; to: string }

/** Days (UTC), both included; the last 30 unless said otherwise. @throws AppError `validation-failed` for a bad range */
export function toRange(deps: Deps, { from, to }: { from?: string; to?: string }): Range {
  const last = to ?? new Date(deps.now()).toISOString().slice(0, 10)
  const first = from ?? new Date(Date.parse(last) - 29 * DayMs).toISOString().slice(0, 10)
  if (first > last) throw invalid('from', 'from must not be later than to.', 'range')
  if (Date.parse(last) - Date.parse(first) >= MaxDays * DayMs)
    throw invalid('from', `An answer covers at most ${MaxDays} days.`, 'range')
  return { from: first, to: last }
}

export async function readOverview({ sql }: Deps) {
  const [asOf, totals] = await Promise.all([findAsOf(sql), findTotals(sql)])
  return { asOf, ...totals }
}

export async function readSignUps({ sql }: Deps, range: Range) {
  const [asOf, days] = await Promise.all([findAsOf(sql), listActivity(sql, range)])
  return { asOf, ...range, days: days.map(({ day, signUps, logIns }) => ({ day, signUps, logIns })) }
}

/** Monthly recurring revenue by plan: a month's price, or a twelfth of a year's, of what is in force. */
export async function readRevenue({ sql }: Deps, range: Range) {
  const [asOf, rows] = await Promise.all([findAsOf(sql), listRevenue(sql, range)])
  return {
    asOf,
    ...range,
    currency: rows[0]?.currency ?? 'USD',
    mrrMinor: rows.reduce((sum, row) => sum + row.mrrMinor, 0),
    plans: rows,
  }
}

export async function readPlans({ sql }: Deps) {
  const [asOf, plans] = await Promise.all([findAsOf(sql), listPlanDistribution(sql)])
  const accounts = plans.reduce((sum, plan) => sum + plan.accounts, 0)
  const paying = plans.reduce((sum, plan) => sum + (plan.plan === 'free' ? 0 : plan.accounts - plan.trialing), 0)
  return { asOf, accounts, conversion: accounts === 0 ? 0 : paying / accounts, plans }
}

export async function readSecurity({ sql }: Deps, range: Range) {
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
}
