import type { Principal } from '../access/principal.ts'
import { apiAccess, type Catalogue, monthlyLimitOf, upgradeForQuota } from '../catalogue/catalogue.ts'
import { AppError } from '../errors/app-error.ts'
import type { QuotaDeps } from './deps.ts'
import { QuotaExhausted, type QuotaUnit } from './lease.ts'
import { findQuotaUsage } from './queries.ts'

/** The features that a route meters by `requireQuota`: `GET /v1/me/entitlements` tells how much of each is used. */
export const featuresWithQuota = new Set<string>()

type Holder = Pick<Principal, 'plan' | 'overrides'>
export type QuotaState = { used: number; limit: number | null; resetsAt: Date }

/**
 * How often a feature may be used in a month: an override's limit, else the plan's; null: no limit. An unknown plan has none
 * to give. Of API access, it is the requests of API keys.
 */
export function quotaOf(catalogue: Catalogue, { plan, overrides }: Holder, feature = apiAccess): number | null {
  const override = overrides[feature]
  if (override?.g && override.lim !== undefined) return override.lim
  const found = catalogue.plans.get(plan)
  return found ? monthlyLimitOf(found, feature) : 0
}

/**
 * Consumes a unit of the principal's monthly quota, from memory as a rule.
 * @throws AppError `quota-exceeded` with the cheapest plan that helps; `database-unavailable` and the like when no unit
 *   is held here and none can be fetched; both by its promise
 */
export function consumeQuota(
  deps: QuotaDeps,
  principal: Principal,
  feature = apiAccess,
): QuotaUnit | Promise<QuotaUnit> {
  const limit = quotaOf(deps.catalogue.current, principal, feature)
  const spent = deps.leases.consume({ accountId: principal.accountId, feature }, limit)
  if (!(spent instanceof Promise)) return spent
  return spent.catch((error) => {
    throw error instanceof QuotaExhausted ? exceeded(deps, principal, feature, error) : error
  })
}

function exceeded(
  { catalogue, now }: QuotaDeps,
  { overrides }: Principal,
  feature: string,
  error: QuotaExhausted,
): AppError {
  const { limit, used, resetsAt } = error
  // No plan helps where an administrator set the limit of this very account.
  const isOwn = overrides[feature]?.lim !== undefined
  const upgrade = isOwn ? null : upgradeForQuota(catalogue.current, feature, Math.max(limit, used))
  return new AppError('quota-exceeded', {
    members: { ...(feature !== apiAccess && { feature }), limit, used, resetsAt, upgrade },
    retryAfter: (resetsAt.getTime() - now()) / 1000,
  })
}

/** What is used this month of each of `features`: as flushed by every instance, and what this one has not flushed yet. */
export async function readQuotas(
  deps: QuotaDeps,
  principal: Holder & { accountId: string },
  features: readonly string[],
): Promise<Record<string, QuotaState>> {
  const { accountId } = principal
  const rows = await findQuotaUsage(deps.sql, accountId, features)
  return Object.fromEntries(
    rows.map(({ feature, used, resetsAt }) => {
      const limit = quotaOf(deps.catalogue.current, principal, feature)
      return [feature, { used: used + deps.leases.unflushed({ accountId, feature }), limit, resetsAt }]
    }),
  )
}

/** The month's API-key requests. */
export async function readQuota(deps: QuotaDeps, principal: Holder & { accountId: string }): Promise<QuotaState> {
  const { [apiAccess]: quota } = await readQuotas(deps, principal, [apiAccess])
  if (!quota) throw new Error('every feature asked for has a row')
  return quota
}
