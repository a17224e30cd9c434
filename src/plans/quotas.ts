import type { Principal } from '../access/principal.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { apiAccess, type Catalogue, upgradeForQuota } from './catalogue.ts'
import { type Purse, QuotaExhausted } from './lease.ts'
import { findQuotaUsage } from './quota-queries.ts'

/** API-key requests a month: an override's, else the plan's; null: no limit. An unknown plan has none to give. */
export function quotaOf(
  catalogue: Catalogue,
  { plan, overrides }: Pick<Principal, 'plan' | 'overrides'>,
): number | null {
  const override = overrides[apiAccess]
  if (override?.g && override.lim !== undefined) return override.lim
  const found = catalogue.plans.get(plan)
  return found ? found.limits.maxApiRequestsPerMonth : 0
}

/**
 * Spends a unit of the principal's monthly quota, from memory as a rule.
 * @throws AppError `quota-exceeded` with the cheapest plan that helps; `database-unavailable` and the like when no unit
 *   is held here and none can be fetched; both by its promise
 */
export function spendQuota(deps: Deps, principal: Principal): Purse | Promise<Purse> {
  const spent = deps.leases.spend(principal.accountId, quotaOf(deps.catalogue.current, principal))
  if (!(spent instanceof Promise)) return spent
  return spent.catch((error) => {
    throw error instanceof QuotaExhausted ? exceeded(deps, principal, error) : error
  })
}

function exceeded(
  { catalogue, now }: Deps,
  { overrides }: Principal,
  { limit, used, resetsAt }: QuotaExhausted,
): AppError {
  // No plan helps where an administrator set the limit of this very account.
  const isOwn = overrides[apiAccess]?.lim !== undefined
  return new AppError('quota-exceeded', {
    members: {
      limit,
      used,
      resetsAt,
      upgrade: isOwn ? null : upgradeForQuota(catalogue.current, Math.max(limit, used)),
    },
    retryAfter: (resetsAt.getTime() - now()) / 1000,
  })
}

/** The month's API-key requests: as settled by every instance, and what this one has not settled yet. */
export async function readQuota(deps: Deps, principal: Pick<Principal, 'accountId' | 'plan' | 'overrides'>) {
  const { used, resetsAt } = await findQuotaUsage(deps.sql, principal.accountId)
  return {
    used: used + deps.leases.unsettled(principal.accountId),
    limit: quotaOf(deps.catalogue.current, principal),
    resetsAt,
  }
}
