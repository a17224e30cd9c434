/** Roles with permissions, plans with features and limits: a few KB, in the memory of every instance. */
export type Catalogue = {
  version: number
  roles: ReadonlyMap<string, Role>
  permissions: ReadonlyMap<string, Permission>
  plans: ReadonlyMap<string, Plan>
  features: ReadonlyMap<string, Feature>
}

/** The feature that API keys need. The limit of an override of it is that account's monthly quota. */
export const apiAccess = 'api_access'

/** A retired role or plan stays in effect for accounts that have it, and cannot be assigned any more. */
type Retirable = { retired: boolean }
export type Role = Retirable & {
  name: string
  description: string
  privilegeLevel: number
  permissions: readonly string[]
}
export type Permission = { name: string; description: string }
export type Feature = Retirable & { name: string; displayName: string; description: string; category: string }

/** In `limits`, null means unlimited. */
export type Limits = {
  maxUsers: number | null
  maxApiRequestsPerMonth: number | null
  maxStorageGb: number | null
  apiRequestsPerMinute: number | null
}

/** What a plan costs in one currency and interval, in its minor units. The id is what subscriptions and providers keep. */
export type PlanPrice = {
  id: string
  currency: string
  interval: 'month' | 'year'
  amountMinor: number
  taxInclusive: boolean
}

/** Prices are in minor units of `currency`; null means by quote. */
export type Plan = Retirable & {
  name: string
  displayName: string
  description: string
  tier: number
  priceMonthlyMinor: number | null
  priceYearlyMinor: number | null
  currency: string
  /** Every price that is offered, those in the plan's own currency among them, by currency and interval. */
  prices: readonly PlanPrice[]
  trialDays: number
  featured: boolean
  features: readonly { name: string; limit: number | null }[]
  /** The names in `features`, sorted: what a token's `feats` holds for this plan. */
  featureNames: readonly string[]
  limits: Limits
}

/** The offer of a denial: the plan that would help, and its price. */
export type Upgrade = {
  plan: string
  displayName: string
  tier: number
  priceMonthlyMinor: number | null
  currency: string
  trialDays: number
  checkout: 'trial' | 'purchase' | 'contact'
}

/** The cheapest plan that has all of `features`, priced plans before those by quote; null when none does. */
export function upgradeForFeatures(catalogue: Catalogue, features: readonly string[]): Upgrade | null {
  return cheapest(catalogue, (plan) => features.every((feature) => plan.featureNames.includes(feature)))
}

/** The cheapest plan that has any of `features`. */
export function upgradeForAnyFeature(catalogue: Catalogue, features: readonly string[]): Upgrade | null {
  return cheapest(catalogue, (plan) => features.some((feature) => plan.featureNames.includes(feature)))
}

/** The cheapest plan of at least `tier`. */
export function upgradeForTier(catalogue: Catalogue, tier: number): Upgrade | null {
  return cheapest(catalogue, (plan) => plan.tier >= tier)
}

/** The cheapest plan with `feature` that allows more than `used` of it a month. */
export function upgradeForQuota(catalogue: Catalogue, feature: string, used: number): Upgrade | null {
  return cheapest(catalogue, (plan) => {
    const quota = monthlyLimitOf(plan, feature)
    return plan.featureNames.includes(feature) && (quota === null || quota > used)
  })
}

/** The cheapest plan with `feature` for more than `used` people. */
export function upgradeForSeats(catalogue: Catalogue, feature: string, used: number): Upgrade | null {
  return cheapest(
    catalogue,
    ({ featureNames, limits }) =>
      featureNames.includes(feature) && (limits.maxUsers === null || limits.maxUsers > used),
  )
}

/** A plan's monthly limit of a feature; null: none. For `api_access`, the requests of API keys. */
export function monthlyLimitOf(plan: Plan, feature: string): number | null {
  if (feature === apiAccess) return plan.limits.maxApiRequestsPerMonth
  return plan.features.find(({ name }) => name === feature)?.limit ?? null
}

function cheapest(catalogue: Catalogue, helps: (plan: Plan) => boolean): Upgrade | null {
  let best: Plan | null = null
  for (const plan of catalogue.plans.values())
    if (!plan.retired && helps(plan) && (!best || isCheaper(plan, best))) best = plan
  return best && toUpgrade(best)
}

function isCheaper(plan: Plan, other: Plan): boolean {
  const price = plan.priceMonthlyMinor ?? Number.POSITIVE_INFINITY
  const otherPrice = other.priceMonthlyMinor ?? Number.POSITIVE_INFINITY
  return price < otherPrice || (price === otherPrice && plan.tier < other.tier)
}

function toUpgrade(plan: Plan): Upgrade {
  const { name, displayName, tier, priceMonthlyMinor, currency, trialDays } = plan
  const checkout = priceMonthlyMinor === null ? 'contact' : trialDays > 0 ? 'trial' : 'purchase'
  return { plan: name, displayName, tier, priceMonthlyMinor, currency, trialDays, checkout }
}
