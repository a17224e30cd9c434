import { freePlan } from '../access/lapse.ts'
import type { Plan } from '../catalogue/catalogue.ts'
import type { Tx } from '../db/types.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import type { BillingDeps } from './deps.ts'
import { type CurrentSubscription, isAhead } from './queries.ts'

/**
 * Whether a trial of a plan may start now: the plan has a trial and a price, and the current plan is free or a trial itself,
 * which then ends at once.
 */
export function mayTry(plan: Plan, current: CurrentSubscription): boolean {
  if (plan.trialDays === 0 || plan.priceMonthlyMinor === null) return false
  return current.plan === freePlan || current.isTrial
}

/** The subscription. @throws AppError `account-disabled` where there is none, because the account was erased */
export async function requireSubscription(
  found: Promise<CurrentSubscription | null> | CurrentSubscription | null,
): Promise<CurrentSubscription> {
  const subscription = await found
  if (!subscription) throw new AppError('account-disabled')
  return subscription
}

/** A plan of the catalogue by name. @throws AppError `validation-failed` where it is unknown or retired */
export function requirePlan(deps: Pick<BillingDeps, 'catalogue'>, name: string): Plan {
  const plan = deps.catalogue.current.plans.get(name)
  if (!plan || plan.retired) throw invalid('plan', `There is no plan "${name}".`, 'unknown')
  return plan
}

/** Checks that an end set by an administrator is in the future, by the database's clock. @throws AppError `validation-failed` */
export async function requireAhead(tx: Tx, field: string, end: Date | null): Promise<void> {
  if (end && !(await isAhead(tx, end))) throw invalid(field, 'Choose a moment that lies ahead.')
}

/** The representation of a subscription. */
export function toView(
  deps: Pick<BillingDeps, 'catalogue'>,
  { plan: name, status, interval, provider, startedAt, currentPeriodEnd, paid, pendingPlan }: CurrentSubscription,
) {
  const plan = deps.catalogue.current.plans.get(name)
  const cancelled = status === 'cancelled'
  // The paid period, without the grace period that `currentPeriodEnd` includes.
  const periodEnd = paid?.paidUntil ?? currentPeriodEnd
  const pending = cancelled ? freePlan : pendingPlan
  return {
    plan: { name, displayName: plan?.displayName ?? name, tier: plan?.tier ?? 0 },
    status,
    interval,
    provider,
    startedAt,
    currentPeriodEnd: periodEnd,
    cancelAtPeriodEnd: cancelled,
    pending: pending !== null && periodEnd ? { plan: pending, at: periodEnd } : null,
  }
}
