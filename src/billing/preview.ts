import type { Principal } from '../access/principal.ts'
import { featuresOf } from '../access/rights.ts'
import type { Plan } from '../catalogue/catalogue.ts'
import { quotaOf, readQuota } from '../quotas/quotas.ts'
import { listLosers } from '../teams/losers.ts'
import { offeredPrice } from './choose-price.ts'
import type { BillingDeps } from './deps.ts'
import { ensureProviderPrice } from './facts.ts'
import { findPrice } from './price-queries.ts'
import type { Proration } from './providers/provider.ts'
import { ProviderError } from './providers/provider-error.ts'
import { type CurrentSubscription, findSubscription, hadTrial } from './queries.ts'
import { isUpgrade } from './store-intent.ts'
import { mayTry, requirePlan, requireSubscription } from './views.ts'

/** How long a preview waits for the provider's proration, in milliseconds. */
const prorationMs = 4_000

type Interval = 'month' | 'year'

/** What a change of plan would bring, before it is made. @throws AppError `validation-failed` for an unknown plan */
export async function previewChange(deps: BillingDeps, principal: Principal, name: string, interval: Interval) {
  const plan = requirePlan(deps, name)
  const current = await requireSubscription(findSubscription(deps.sql, principal.accountId))
  const { overrides } = principal
  // Overrides count on both sides, so that what they grant or refuse is neither gained nor lost.
  const featuresOn = (name: string) => featuresOf(deps.catalogue.current, name, overrides, deps.now() / 1000)
  const [now, then] = [featuresOn(current.plan), featuresOn(plan.name)]
  const isTrial =
    plan.name !== current.plan && mayTry(plan, current) && !(await hadTrial(deps.sql, principal.accountId, plan.name))
  const paidPrice = current.paid && (await findPrice(deps.sql, current.paid.priceId))
  const currency = paidPrice?.currency ?? plan.currency
  const { used } = await readQuota(deps, principal)
  const allowed = quotaOf(deps.catalogue.current, { plan: plan.name, overrides })
  const isUp = isUpgrade(deps, current.plan, plan, interval)
  const periodEnd = current.paid?.paidUntil ?? current.currentPeriodEnd
  const waits = paidPrice ? !isUp : plan.tier < (deps.catalogue.current.plans.get(current.plan)?.tier ?? 0)
  const when = waits && !isTrial && periodEnd ? periodEnd : new Date(deps.now())
  const price = priceOf(plan, interval, currency)
  return {
    plan: plan.name,
    gained: then.filter((feature) => !now.includes(feature)),
    lost: now.filter((feature) => !then.includes(feature)),
    overLimit: allowed !== null && used > allowed ? [{ limit: 'maxApiRequestsPerMonth', used, allowed }] : [],
    seats: await listLosers(deps, principal.accountId, plan, then, when),
    when,
    cost:
      price === null
        ? null
        : { amountMinor: isTrial ? 0 : price, currency, interval, trialDays: isTrial ? plan.trialDays : 0 },
    proration: isUp ? await prorationOf(deps, current, plan, { interval, currency }) : null,
  }
}

function priceOf(plan: Plan, interval: Interval, currency: string): number | null {
  if (currency !== plan.currency) return offeredPrice(plan, interval, currency)?.amountMinor ?? null
  return interval === 'month' ? plan.priceMonthlyMinor : plan.priceYearlyMinor
}

/** Null where nothing is paid yet, and where the provider gives no figure or fails: the preview is answered without it. */
async function prorationOf(
  deps: BillingDeps,
  { paid, provider: name, status }: CurrentSubscription,
  plan: Plan,
  { interval, currency }: { interval: Interval; currency: string },
): Promise<Proration | null> {
  const price = offeredPrice(plan, interval, currency)
  const provider = deps.providers.find((candidate) => candidate.name === name)
  if (!paid || !price || !provider || status !== 'active' || price.id === paid.priceId) return null
  const call = { signal: AbortSignal.timeout(prorationMs), key: `price_${price.id}` }
  try {
    const { priceId } = await ensureProviderPrice(deps, provider, price.id, call)
    return await provider.previewChange(paid.providerSubscriptionId, priceId, call)
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    deps.log.warn({ err: error }, 'a payment provider did not tell what a change costs')
    return null
  }
}
