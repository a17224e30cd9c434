import type { Principal } from '../access/principal.ts'
import { apiAccess, type Catalogue, monthlyLimitOf, upgradeForQuota } from '../catalogue/catalogue.ts'
import { AppError } from '../errors/app-error.ts'
import type { QuotaDeps } from './deps.ts'
import { QuotaExhausted, type QuotaUnit } from './lease.ts'
import { findQuotaUsage, type Quota } from './queries.ts'

/** The features that routes count by `requireQuota`: `GET /v1/me/entitlements` shows their use. */
export const featuresWithQuota = new Set<string>()

type Holder = Pick<Principal, 'plan' | 'overrides'>
type Consumer = Holder & Pick<Principal, 'accountId' | 'payerId'>
type QuotaState = { used: number; limit: number | null; resetsAt: Date }

/**
 * The monthly limit of a feature: an override's, else the plan's; null: no limit. An unknown plan allows nothing. For
 * `api_access` it is the requests of API keys. Limits set for the owner of a team are in `SharedLimits`.
 */
export function quotaOf(catalogue: Catalogue, { plan, overrides }: Holder, feature = apiAccess): number | null {
  const override = overrides[feature]
  if (override?.g && override.lim !== undefined) return override.lim
  const found = catalogue.plans.get(plan)
  return found ? monthlyLimitOf(found, feature) : 0
}

function hasOwnLimit({ overrides }: Holder, feature: string): boolean {
  const override = overrides[feature]
  return override?.g === true && override.lim !== undefined
}

/**
 * The account whose quota is used: the payer's, which the members of a team share. A limit that an administrator set
 * for the account itself makes the quota its own.
 */
function quotaUsedBy(consumer: Consumer, feature: string): Quota {
  return { accountId: hasOwnLimit(consumer, feature) ? consumer.accountId : consumer.payerId, feature }
}

/**
 * Consumes a unit of the monthly quota that the principal uses, usually from memory.
 * @throws AppError `quota-exceeded` with the cheapest plan that helps; `database-unavailable` and the like when this
 *   instance holds no unit and none can be fetched; `authorisation-stale` where the owner of the team was erased and
 *   this instance has not read that yet; all by its promise
 */
export function consumeQuota(
  deps: QuotaDeps,
  principal: Consumer,
  feature = apiAccess,
): QuotaUnit | Promise<QuotaUnit> {
  const limit = quotaOf(deps.catalogue.current, principal, feature)
  const quota = quotaUsedBy(principal, feature)
  if (quota.accountId === principal.accountId)
    return consume(deps, quota, { limit, isOwn: hasOwnLimit(principal, feature), isShared: false })
  // A limit that an administrator set for the owner of a team applies to the team.
  const consumeShared = (set: number | null) =>
    consume(deps, quota, { limit: set ?? limit, isOwn: set !== null, isShared: true })
  const set = deps.sharedLimits.findCached(quota)
  return set === undefined ? deps.sharedLimits.read(quota).then(consumeShared) : consumeShared(set)
}

type Terms = {
  limit: number | null
  /** Whether an administrator set the limit. */
  isOwn: boolean
  /** Whether another account pays. */
  isShared: boolean
}

function consume(deps: QuotaDeps, quota: Quota, terms: Terms): QuotaUnit | Promise<QuotaUnit> {
  const spent = deps.leases.consume(quota, terms.limit)
  if (!(spent instanceof Promise)) return spent
  return spent.catch((error) => {
    if (error instanceof QuotaExhausted) throw exceeded(deps, quota, error, terms)
    const isGone = terms.isShared && error instanceof AppError && error.code === 'account-disabled'
    throw isGone ? new AppError('authorisation-stale', { retryAfter: 1 }) : error
  })
}

function exceeded(
  { catalogue, now }: QuotaDeps,
  { feature }: Quota,
  { limit, used, resetsAt }: QuotaExhausted,
  { isOwn }: Terms,
): AppError {
  // No plan helps where an administrator set the limit.
  const upgrade = isOwn ? null : upgradeForQuota(catalogue.current, feature, Math.max(limit, used))
  return new AppError('quota-exceeded', {
    members: { ...(feature !== apiAccess && { feature }), limit, used, resetsAt, upgrade },
    retryAfter: (resetsAt.getTime() - now()) / 1000,
  })
}

/**
 * The use this month of each of `features` by all who share the quota: as reported by other instances, and as counted
 * by this one.
 */
export async function readQuotas(
  deps: QuotaDeps,
  consumer: Consumer,
  features: readonly string[],
): Promise<Record<string, QuotaState>> {
  const quotas = features.map((feature) => quotaUsedBy(consumer, feature))
  // Read before the database, so that units reported meanwhile are counted once.
  const consumed = quotas.map((quota) => deps.leases.consumed(quota))
  const rows = await findQuotaUsage(
    deps.sql,
    quotas.map((quota, i) => ({ ...quota, exceptLease: consumed[i]?.leaseId ?? null })),
  )
  return Object.fromEntries(
    rows.map(({ accountId, feature, used, ownLimit, resetsAt }, i) => {
      const set = accountId === consumer.accountId ? null : ownLimit
      const limit = set ?? quotaOf(deps.catalogue.current, consumer, feature)
      return [feature, { used: used + (consumed[i]?.used ?? 0), limit, resetsAt }]
    }),
  )
}

/** The month's requests with API keys. */
export async function readQuota(deps: QuotaDeps, consumer: Consumer): Promise<QuotaState> {
  const { [apiAccess]: quota } = await readQuotas(deps, consumer, [apiAccess])
  if (!quota) throw new Error('every feature asked for has a row')
  return quota
}
