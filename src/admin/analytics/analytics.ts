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
import { listTeamLevels, listTeamLevelsByDay, type TeamLevel } from './team-queries.ts'

/** The longest range of one answer, in days. */
const maxDays = 366

/** UTC days, both included; the last 30 by default. @throws AppError `validation-failed` for a bad range */
export function toRange(deps: Pick<AdminDeps, 'now'>, asked: { from?: string; to?: string }): Range {
  return toDays(asked, new Date(deps.now()).toISOString().slice(0, 10), maxDays)
}

/** The present totals of accounts, plans and teams. Read from the replica while it is fresh. */
export function readOverview(deps: AdminDeps, { accountId }: Principal) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [asOf, totals, plans, teams] = await Promise.all([
      findAsOf(sql),
      findTotals(sql),
      listPlanFigures(sql, null),
      listTeamLevels(sql),
    ])
    const shared = teams.filter(isShared)
    return {
      asOf,
      ...totals,
      paying: sum(plans.map(paying)),
      trialing: sum(plans.map((plan) => plan.trialing)),
      mrr: byCurrency(plans),
      teams: {
        active: sum(shared.map((level) => level.teams)),
        asleep: sum(teams.filter((level) => !isShared(level)).map((level) => level.teams)),
        seats: { sold: sum(shared.map(({ seats }) => seats)), used: sum(shared.map(({ used }) => used)) },
      },
    }
  })
}

/** Registrations and log-ins by day. */
export function readSignUps(deps: AdminDeps, { accountId }: Principal, range: Range) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [asOf, days] = await Promise.all([findAsOf(sql), listActivity(sql, range)])
    return { asOf, ...range, days: days.map(({ day, signUps, logIns }) => ({ day, signUps, logIns })) }
  })
}

/**
 * Monthly recurring revenue of renewing subscriptions, by plan: a month's price as paid, or a twelfth of a year's. A
 * team counts once, by its owner. And the number of teams on each day.
 */
export function readRevenue(deps: AdminDeps, { accountId }: Principal, range: Range) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [asOf, rows, levels] = await Promise.all([
      findAsOf(sql),
      listPlanFigures(sql, range),
      listTeamLevelsByDay(sql, range),
    ])
    const plans = rows.map(({ plan, currency, started, ended, mrrMinor }) => ({
      plan,
      currency,
      started,
      ended,
      mrrMinor,
    }))
    const teams = [...Map.groupBy(levels, ({ day }) => day)].map(([day, ofDay]) => ({
      day,
      plans: ofDay.map(({ plan, teams: count, seats, used }) => ({ plan, teams: count, seats: { sold: seats, used } })),
    }))
    return { asOf, ...range, mrr: byCurrency(rows), plans, teams }
  })
}

/**
 * Accounts by plan. A member of a team has the plan of its owner. Conversion counts payers; members cannot pay and are
 * left out of it.
 */
export function readPlans(deps: AdminDeps, { accountId }: Principal) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [asOf, rows, levels] = await Promise.all([findAsOf(sql), listPlanFigures(sql, null), listTeamLevels(sql)])
    const membersOf = new Map(levels.filter(isShared).map(({ plan, teams, used }) => [plan, used - teams]))
    const members = sum([...membersOf.values()])
    const accounts = sum(rows.map((row) => row.accounts))
    const plans = [...Map.groupBy(rows, ({ plan }) => plan)]
      .map(([plan, own]) => {
        // A member's own subscription is the free one.
        const joined = plan === freePlan ? -members : (membersOf.get(plan) ?? 0)
        const count = Math.max(sum(own.map((row) => row.accounts)) + joined, 0)
        const trialing = sum(own.map((row) => row.trialing))
        return { plan, accounts: count, trialing, share: share(count, accounts), members: Math.max(joined, 0) }
      })
      .filter((row) => row.accounts > 0)
      .sort((a, b) => b.accounts - a.accounts)
    return { asOf, accounts, conversion: share(sum(rows.map(paying)), accounts - members), plans }
  })
}

/** Failed sign-ins, lockouts and reuse of refresh tokens by day, and the 20 addresses with most failures. */
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

/** Whether a team's plan is shared; an inactive team shares none. */
function isShared({ plan }: TeamLevel): boolean {
  return plan !== freePlan
}

/** At most 1: the figures are of one refresh, but not read at one moment. */
function share(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.min(part / whole, 1)
}

/** The number of renewing subscriptions; trials and cancelled ones do not count. */
function paying({ plan, renewing }: PlanFigures): number {
  return plan === freePlan ? 0 : renewing
}

/**
 * Sums by currency; amounts of different currencies cannot be added. Exact up to 2^53 − 1, at which they are capped.
 */
function byCurrency(plans: PlanFigures[]): { currency: string; mrrMinor: number }[] {
  return [...Map.groupBy(plans, ({ currency }) => currency)].map(([currency, rows]) => ({
    currency,
    mrrMinor: Math.min(sum(rows.map(({ mrrMinor }) => mrrMinor)), Number.MAX_SAFE_INTEGER),
  }))
}

function sum(figures: number[]): number {
  return figures.reduce((total, figure) => total + figure, 0)
}
