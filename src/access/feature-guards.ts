import {
  type Catalogue,
  type Upgrade,
  upgradeForAnyFeature,
  upgradeForFeatures,
  upgradeForTier,
} from '../catalogue/catalogue.ts'
import { AppError } from '../errors/app-error.ts'
import { middleware } from '../http/middleware.ts'
import { policy } from '../http/openapi.ts'
import type { AuthedEnv } from './env.ts'
import { freePlan } from './lapse.ts'
import type { Principal } from './principal.ts'

/** 403 `feature-not-in-plan`, with the plan that would help, unless the principal has every one of `features`. */
export function requireFeature(...features: [string, ...string[]]) {
  const guard = middleware<AuthedEnv>({
    name: 'requireFeature',
    before(c) {
      requireFeatures(c.get('deps').catalogue.current, c.get('principal'), features)
    },
  })
  return policy(`feature ${features.join('+')}`, guard, ['feature-not-in-plan'])
}

/** Like requireFeature, but any one of `features` is enough. */
export function requireAnyFeature(...features: [string, ...string[]]) {
  const guard = middleware<AuthedEnv>({
    name: 'requireAnyFeature',
    before(c) {
      const principal = c.get('principal')
      if (!features.some((feature) => principal.features.includes(feature))) {
        const open = features.filter((feature) => !isRefused(principal, feature))
        throw denied(principal, features, upgradeForAnyFeature(c.get('deps').catalogue.current, open))
      }
    },
  })
  return policy(`feature ${features.join('|')}`, guard, ['feature-not-in-plan'])
}

/** 403 `tier-too-low`, with the cheapest plan that would do, on a plan below `tier`. */
export function requireTier(tier: number) {
  const guard = middleware<AuthedEnv>({
    name: 'requireTier',
    before(c) {
      if (c.get('principal').tier < tier)
        throw new AppError('tier-too-low', {
          members: { requiredTier: tier, upgrade: upgradeForTier(c.get('deps').catalogue.current, tier) },
        })
    },
  })
  return policy(`tier ${tier}`, guard, ['tier-too-low'])
}

/** 402 `subscription-required` on the free plan, and once a plan has lapsed. */
export const requireSubscription = policy(
  'subscription',
  middleware<AuthedEnv>({
    name: 'requireSubscription',
    before(c) {
      if (c.get('principal').plan === freePlan) throw new AppError('subscription-required')
    },
  }),
  ['subscription-required'],
)

/** The check of requireFeature, for a feature that the request names. @throws AppError `feature-not-in-plan` */
export function requireFeatures(catalogue: Catalogue, principal: Principal, features: readonly string[]): void {
  if (hasEvery(principal.features, features)) return
  // No plan helps when an override refuses the feature to this account.
  const helps = !features.some((feature) => isRefused(principal, feature))
  throw denied(principal, features, helps ? upgradeForFeatures(catalogue, features) : null)
}

/** A loop instead of `every`: it runs on every gated request, and `every` would allocate a closure each time. */
function hasEvery(held: readonly string[], wanted: readonly string[]): boolean {
  for (const one of wanted) if (!held.includes(one)) return false
  return true
}

function isRefused(principal: Principal, feature: string): boolean {
  return principal.overrides[feature]?.g === false && !principal.features.includes(feature)
}

/** The missing features that a `feature-not-in-plan` error names; empty for other errors. */
export function deniedFeatures(error: unknown): readonly string[] {
  const isDenial = error instanceof AppError && error.code === 'feature-not-in-plan'
  return isDenial ? (error.members.missingFeatures as readonly string[]) : []
}

function denied(principal: Principal, requiredFeatures: readonly string[], upgrade: Upgrade | null): AppError {
  const missingFeatures = requiredFeatures.filter((feature) => !principal.features.includes(feature))
  return new AppError('feature-not-in-plan', { members: { requiredFeatures, missingFeatures, upgrade } })
}
