import type { Principal } from '../access/principal.ts'
import type { Deps } from '../deps.ts'
import { invalid } from '../errors.ts'
import { apiAccess } from '../plans/catalogue.ts'
import { meteredFeatures, quotaOf, readQuotas } from '../plans/quotas.ts'
import { findUsage, listLastSignIns, listSignInsByDay, listUsage } from './queries.ts'
import type { ReportQuery } from './schemas.ts'

const DayMs = 86_400_000
/** The longest stretch that one report covers. */
const MaxReportDays = 366

/**
 * What a person may do and has used. The month's API requests are those of API keys; beside them stands each feature of
 * theirs that has a monthly limit of its own. They reset on the first (UTC).
 */
export async function readEntitlements(deps: Deps, principal: Principal) {
  const metered = principal.features.filter((feature) => meteredFeatures.has(feature))
  const { [apiAccess]: apiRequests, ...used } = await readQuotas(deps, principal, [apiAccess, ...metered])
  const plan = deps.catalogue.current.plans.get(principal.plan)
  const limits = plan?.limits ?? { maxUsers: 0, maxStorageGb: 0, apiRequestsPerMinute: 0 }
  return {
    plan: principal.plan,
    tier: principal.tier,
    role: principal.role,
    privilegeLevel: principal.privilegeLevel,
    permissions: principal.permissions,
    features: principal.features,
    limits: { ...limits, maxApiRequestsPerMonth: quotaOf(deps.catalogue.current, principal) },
    usage: { apiRequests, ...used },
  }
}

/** The limit that comes with a granted feature: the override's, else the plan's; null: none. */
export function limitOf(deps: Deps, principal: Principal, feature: string): number | null {
  const override = principal.overrides[feature]
  if (override?.g && override.lim !== undefined) return override.lim
  return deps.catalogue.current.plans.get(principal.plan)?.features.find(({ name }) => name === feature)?.limit ?? null
}

export async function readDashboard(deps: Deps, principal: Principal) {
  await deps.usage.settle()
  const [usage, lastSignIns] = await Promise.all([
    findUsage(deps.sql, principal.accountId),
    listLastSignIns(deps.sql, principal.accountId, 5),
  ])
  const plan = deps.catalogue.current.plans.get(principal.plan)
  return {
    plan: {
      name: principal.plan,
      displayName: plan?.displayName ?? principal.plan,
      tier: principal.tier,
      endsAt: principal.pex === null || plan?.name === 'free' ? null : new Date(principal.pex * 1000),
    },
    usage: { requestsToday: usage.today, requestsThisMonth: usage.month },
    sessions: { live: usage.liveSessions },
    lastSignIns,
  }
}

/** 30 days up to today (UTC), every day named, whether something happened on it or not. */
export async function readInsights(deps: Deps, { accountId }: Principal) {
  await deps.usage.settle()
  const to = dayOf(deps.now())
  const from = dayOf(deps.now() - 29 * DayMs)
  const [usage, signIns] = await Promise.all([
    listUsage(deps.sql, accountId, from, to, 'day'),
    listSignInsByDay(deps.sql, accountId, from),
  ])
  const requestsOn = new Map(usage.map(({ key, requests }) => [key, requests]))
  const signInsOn = new Map(signIns.map((row) => [row.day, row]))
  const days = Array.from({ length: 30 }, (_, i) => dayOf(deps.now() - (29 - i) * DayMs)).map((day) => ({
    day,
    requests: requestsOn.get(day) ?? 0,
    signIns: signInsOn.get(day)?.succeeded ?? 0,
    failedSignIns: signInsOn.get(day)?.failed ?? 0,
  }))
  return { from, to, days }
}

/** Own API use between two days, the last 30 unless said otherwise. @throws AppError `validation-failed` for a bad range */
export async function readUsageReport(deps: Deps, { accountId }: Principal, { from, to, groupBy }: ReportQuery) {
  await deps.usage.settle()
  const last = to ?? dayOf(deps.now())
  const first = from ?? dayOf(Date.parse(last) - 29 * DayMs)
  if (first > last) throw invalid('from', 'from must not be later than to.', 'range')
  if (Date.parse(last) - Date.parse(first) >= MaxReportDays * DayMs)
    throw invalid('from', `A report covers at most ${MaxReportDays} days.`, 'range')
  const rows = await listUsage(deps.sql, accountId, first, last, groupBy)
  return { from: first, to: last, groupBy, total: rows.reduce((sum, row) => sum + row.requests, 0), rows }
}

function dayOf(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10)
}
