import { freePlan } from '../access/lapse.ts'
import type { Principal } from '../access/principal.ts'
import { apiAccess } from '../catalogue/catalogue.ts'
import { addDays, toDays } from '../http/input/range.ts'
import { featuresWithQuota, readQuotas } from '../quotas/quotas.ts'
import type { AccountDeps } from './deps.ts'
import { findToday, findUsage, listLastSignIns, listSignInsByDay, listUsage } from './queries.ts'
import type { ReportQuery } from './schemas.ts'

/** The longest range of one report, in days. */
const maxReportDays = 366

/**
 * The person's rights, limits and usage. `apiRequests` counts this month's requests with API keys; each granted feature that has a
 * monthly quota is listed beside it. Quotas reset on the first of the month (UTC).
 */
export async function readEntitlements(deps: AccountDeps, principal: Principal) {
  const withQuota = principal.features.filter((feature) => featuresWithQuota.has(feature))
  const { [apiAccess]: apiRequests, ...used } = await readQuotas(deps, principal, [apiAccess, ...withQuota])
  const plan = deps.catalogue.current.plans.get(principal.plan)
  const limits = plan?.limits ?? { maxUsers: 0, maxStorageGb: 0, apiRequestsPerMinute: 0 }
  return {
    plan: principal.plan,
    tier: principal.tier,
    role: principal.role,
    privilegeLevel: principal.privilegeLevel,
    permissions: principal.permissions,
    features: principal.features,
    limits: { ...limits, maxApiRequestsPerMonth: apiRequests?.limit ?? null },
    usage: { apiRequests, ...used },
  }
}

/** The limit of a granted feature: the override's, otherwise the plan's; null: no limit. */
export function limitOf(deps: Pick<AccountDeps, 'catalogue'>, principal: Principal, feature: string): number | null {
  const override = principal.overrides[feature]
  if (override?.g && override.lim !== undefined) return override.lim
  return deps.catalogue.current.plans.get(principal.plan)?.features.find(({ name }) => name === feature)?.limit ?? null
}

/**
 * The person's plan, usage and sign-ins. Writes first what this instance has counted. `endsAt` is null on the free
 * plan.
 */
export async function readDashboard(deps: AccountDeps, principal: Principal) {
  await deps.usage.flushOf(principal.accountId)
  const [usage, lastSignIns] = await Promise.all([
    findUsage(deps.sql, principal.accountId, new Date(deps.now())),
    listLastSignIns(deps.sql, principal.accountId, 5),
  ])
  const plan = deps.catalogue.current.plans.get(principal.plan)
  return {
    plan: {
      name: principal.plan,
      displayName: plan?.displayName ?? principal.plan,
      tier: principal.tier,
      endsAt:
        principal.planExpiresAt === null || plan?.name === freePlan ? null : new Date(principal.planExpiresAt * 1000),
    },
    usage: { requestsToday: usage.today, requestsThisMonth: usage.month },
    sessions: { live: usage.liveSessions },
    lastSignIns,
  }
}

/** The last 30 days in the person's time zone, days without activity included. */
export async function readDashboardDays(deps: AccountDeps, { accountId }: Principal) {
  await deps.usage.flushOf(accountId)
  const { today: to, timezone } = await findToday(deps.sql, accountId, new Date(deps.now()))
  const from = addDays(to, -29)
  const [usage, signIns] = await Promise.all([
    listUsage(deps.sql, accountId, from, to, 'day'),
    listSignInsByDay(deps.sql, accountId, from, timezone),
  ])
  const requestsOn = new Map(usage.map(({ key, requests }) => [key, requests]))
  const signInsOn = new Map(signIns.map((row) => [row.day, row]))
  const days = Array.from({ length: 30 }, (_, i) => addDays(from, i)).map((day) => ({
    day,
    requests: requestsOn.get(day) ?? 0,
    signIns: signInsOn.get(day)?.succeeded ?? 0,
    failedSignIns: signInsOn.get(day)?.failed ?? 0,
  }))
  return { from, to, days }
}

/**
 * The person's API requests between two days of their time zone; default: the last 30 days.
 * @throws AppError `validation-failed` for a bad range
 */
export async function readUsageReport(deps: AccountDeps, { accountId }: Principal, { groupBy, ...asked }: ReportQuery) {
  await deps.usage.flushOf(accountId)
  const { today } = await findToday(deps.sql, accountId, new Date(deps.now()))
  const { from, to } = toDays(asked, today, maxReportDays)
  const rows = await listUsage(deps.sql, accountId, from, to, groupBy)
  return { from, to, groupBy, total: rows.reduce((sum, row) => sum + row.requests, 0), rows }
}
