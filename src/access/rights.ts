import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Db } from '../db/types.ts'
import { inForce } from './lapse.ts'

/** Features granted (`g`) or refused to one account whatever its plan; `lim` a limit, `exp` the epoch second it ends. */
export type Overrides = Record<string, { g: boolean; lim?: number; exp?: number }>

/** `invited`: an administrator prepared it, and the invitation is not accepted yet. `locked`: by an administrator. */
export type AccountStatus = 'invited' | 'active' | 'locked' | 'deleted'

/** What decides an account's rights, as stored. `planExpiresAt`: epoch second at which the plan lapses; null: it does not. */
export type AuthzState = {
  /** The account's authorisation version: of two states the higher is the newer. */
  version: number
  status: AccountStatus
  role: string
  plan: string
  planExpiresAt: number | null
  overrides: Overrides
  /** The owner of the account's team, whose plan it is; null: its own. */
  payerId: string | null
}

/** The columns of an AuthzState, of a row `a` of account_authz. */
export const authzStateColumns = (sql: Db) =>
  sql`a.authz_version::float8 as version, a.status, a.role, coalesce(a.plan, 'free') as plan, a.pex::float8 as plan_expires_at, a.overrides, a.payer_id`

/** The part of an AuthzState that access tokens carry too. */
export type GrantingState = Pick<AuthzState, 'role' | 'plan' | 'planExpiresAt' | 'overrides' | 'payerId'>

/** An account's rights at one moment, derived from its state and the catalogue. */
export type Rights = {
  role: string
  privilegeLevel: number
  permissions: readonly string[]
  plan: string
  tier: number
  features: readonly string[]
}

/** The most bytes of a plan's features in an access token. At most 4,096 characters of a token are read. */
export const maxFeaturesBytes = 800
/**
 * The most bytes of an account's overrides, counted with the features that they grant. All seeded features together
 * take 1,190.
 */
export const maxOverridesBytes = 1_200

/** The bytes that features take in a token. */
export function bytesOfFeatures(names: readonly string[]): number {
  return Buffer.byteLength(JSON.stringify(names))
}

/** The bytes that overrides take in a token, among its features too. */
export function bytesOfOverrides(overrides: Overrides): number {
  const granted = Object.keys(overrides).filter((name) => overrides[name]?.g)
  return Buffer.byteLength(JSON.stringify(overrides)) + bytesOfFeatures(granted)
}

/** Rights = catalogue(role and plan in force) + overrides in force. An unknown role or plan gives nothing. */
export function rightsOf(catalogue: Catalogue, state: GrantingState, nowSeconds: number): Rights {
  const { role, plan } = inForce(state, nowSeconds)
  return {
    role,
    privilegeLevel: catalogue.roles.get(role)?.privilegeLevel ?? 0,
    permissions: catalogue.roles.get(role)?.permissions ?? [],
    plan,
    tier: catalogue.plans.get(plan)?.tier ?? 0,
    features: featuresOf(catalogue, plan, state.overrides, nowSeconds),
  }
}

/** The overrides in force. */
export function liveOverrides(overrides: Overrides, nowSeconds: number): Overrides {
  return Object.fromEntries(Object.entries(overrides).filter(([, { exp }]) => exp === undefined || exp > nowSeconds))
}

/** The features of a plan with the overrides in force, in order. */
export function featuresOf(
  catalogue: Catalogue,
  plan: string,
  overrides: Overrides,
  nowSeconds: number,
): readonly string[] {
  const ofPlan = catalogue.plans.get(plan)?.featureNames ?? []
  const live = Object.entries(liveOverrides(overrides, nowSeconds))
  if (live.length === 0) return ofPlan
  const names = new Set(ofPlan)
  for (const [name, { g: granted }] of live) {
    if (granted) names.add(name)
    else names.delete(name)
  }
  return [...names].sort()
}
