/** Roles with permissions, plans with features and limits: a few KB in the memory of every instance. */
export type Catalogue = {
  version: number
  roles: ReadonlyMap<string, Role>
  permissions: ReadonlyMap<string, Permission>
  plans: ReadonlyMap<string, Plan>
  features: ReadonlyMap<string, Feature>
}

/** The feature that API keys require. The limit of its override is the account's monthly quota. */
export const apiAccess = 'api_access'

/** A retired role or plan stays in force for accounts that have it, but can no longer be assigned. */
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

/** The price of a plan for one currency and interval, in minor units. Subscriptions and providers refer to its id. */
export type PlanPrice = {
  id: string
  currency: string
  interval: 'month' | 'year'
  amountMinor: number
  taxInclusive: boolean
}

/** Prices are in minor units of `currency`; null means a price by quote. */
export type Plan = Retirable & {
  name: string
  displayName: string
  description: string
  tier: number
  priceMonthlyMinor: number | null
  priceYearlyMinor: number | null
  currency: string
  /** Every offered price, including those in the plan's own currency, by currency and interval. */
  prices: readonly PlanPrice[]
  trialDays: number
  featured: boolean
  features: readonly { name: string; limit: number | null }[]
  /** The names in `features`, sorted, as in the claim `feats` of tokens. */
  featureNames: readonly string[]
  limits: Limits
}

/** The plan that a denial offers, with its price. */
export type Upgrade = {
  plan: string
  displayName: string
  tier: number
  priceMonthlyMinor: number | null
  currency: string
  trialDays: number
  checkout: 'trial' | 'purchase' | 'contact'
}

/** The cheapest plan that has all of `features`, priced plans before those by quote; null when none has. */
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

/** The cheapest plan with `feature` whose limit is more than `used` people. */
export function upgradeForSeats(catalogue: Catalogue, feature: string, used: number): Upgrade | null {
  return cheapest(
    catalogue,
    ({ featureNames, limits }) =>
      featureNames.includes(feature) && (limits.maxUsers === null || limits.maxUsers > used),
  )
}

/** The monthly limit of a feature on a plan; null: none. For `api_access`, the requests of API keys. */
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
