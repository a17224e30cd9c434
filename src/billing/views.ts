import { freePlan } from '../access/lapse.ts'
import type { Principal } from '../access/principal.ts'
import { featuresOf } from '../access/rights.ts'
import type { Plan } from '../catalogue/catalogue.ts'
import type { Tx } from '../db/types.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import { quotaOf, readQuota } from '../quotas/quotas.ts'
import type { BillingDeps } from './deps.ts'
import { type CurrentSubscription, findSubscription, hadTrial, isAhead } from './queries.ts'

/** What a change of plan would bring, before it is made. @throws AppError `validation-failed` for an unknown plan */
export async function previewChange(deps: BillingDeps, principal: Principal, name: string, interval: 'month' | 'year') {
  const plan = requirePlan(deps, name)
  const current = await requireSubscription(findSubscription(deps.sql, principal.accountId))
  const { overrides } = principal
  // Overrides count on both sides, so that what they grant or refuse is neither gained nor lost.
  const featuresOn = (name: string) => featuresOf(deps.catalogue.current, name, overrides, deps.now() / 1000)
  const [now, then] = [featuresOn(current.plan), featuresOn(plan.name)]
  const isTrial =
    plan.name !== current.plan && mayTry(plan, current) && !(await hadTrial(deps.sql, principal.accountId, plan.name))
  const price = interval === 'month' ? plan.priceMonthlyMinor : plan.priceYearlyMinor
  const { used } = await readQuota(deps, principal)
  const allowed = quotaOf(deps.catalogue.current, { plan: plan.name, overrides })
  const isDowngrade = plan.tier < (deps.catalogue.current.plans.get(current.plan)?.tier ?? 0)
  return {
    plan: plan.name,
    gained: then.filter((feature) => !now.includes(feature)),
    lost: now.filter((feature) => !then.includes(feature)),
    overLimit: allowed !== null && used > allowed ? [{ limit: 'maxApiRequestsPerMonth', used, allowed }] : [],
    when: isDowngrade && !isTrial && current.currentPeriodEnd ? current.currentPeriodEnd : new Date(deps.now()),
    cost:
      price === null
        ? null
        : {
            amountMinor: isTrial ? 0 : price,
            currency: plan.currency,
            interval,
            trialDays: isTrial ? plan.trialDays : 0,
          },
  }
}

/**
 * Whether a trial of a plan may start now: the plan has a trial and a price, and the current plan is free or a trial itself,
 * which then ends at once.
 */
export function mayTry(plan: Plan, current: CurrentSubscription): boolean {
  if (plan.trialDays === 0 || plan.priceMonthlyMinor === null) return false
  return current.plan === freePlan || current.isTrial
}

/** @throws AppError `account-disabled` where an account has no subscription any more: it was erased. */
export async function requireSubscription(
  found: Promise<CurrentSubscription | null> | CurrentSubscription | null,
): Promise<CurrentSubscription> {
  const subscription = await found
  if (!subscription) throw new AppError('account-disabled')
  return subscription
}

/** @throws AppError `validation-failed` for a plan that is unknown or retired */
export function requirePlan(deps: Pick<BillingDeps, 'catalogue'>, name: string): Plan {
  const plan = deps.catalogue.current.plans.get(name)
  if (!plan || plan.retired) throw invalid('plan', `There is no plan "${name}".`, 'unknown')
  return plan
}

/** Checks that an end set by an administrator is in the future, by the database's clock. @throws AppError `validation-failed` */
export async function requireAhead(tx: Tx, field: string, end: Date | null): Promise<void> {
  if (end && !(await isAhead(tx, end))) throw invalid(field, 'Choose a moment that lies ahead.')
}

/** A subscription as the person sees it. */
export function toView(
  deps: Pick<BillingDeps, 'catalogue'>,
  { plan: name, status, interval, provider, startedAt, currentPeriodEnd }: CurrentSubscription,
) {
  const plan = deps.catalogue.current.plans.get(name)
  const cancelled = status === 'cancelled'
  return {
    plan: { name, displayName: plan?.displayName ?? name, tier: plan?.tier ?? 0 },
    status,
    interval,
    provider,
    startedAt,
    currentPeriodEnd,
    cancelAtPeriodEnd: cancelled,
    pending: cancelled && currentPeriodEnd ? { plan: freePlan, at: currentPeriodEnd } : null,
  }
}
