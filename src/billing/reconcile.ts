import { operator } from '../audit/actor.ts'
import type { BillingDeps } from './deps.ts'
import { findSubjectAccount } from './inbox.ts'
import { type Known, listLiving } from './known-queries.ts'
import { releaseLease, takeLease, workMs } from './lease.ts'
import { listByProviderIds } from './price-queries.ts'
import type { BillingProvider, ProviderSubscription } from './providers/provider.ts'
import { syncAccount } from './sync.ts'

/** A difference between the provider and this service. `what` describes it; `accountId` null: no account here has it. */
type Drift = {
  provider: string
  subscriptionId: string
  accountId: string | null
  what: string
  settled: boolean
}

/** Timeout of listing one provider's subscriptions, in milliseconds. */
const listingMs = 600_000
const waitMs = 10_000

/**
 * Compares the subscriptions of every provider that have not ended with the stored ones, in both directions.
 * @param applies whether the accounts with a difference are synchronised; differences without an account are only reported
 * @throws ProviderError
 */
export async function* reconcile(deps: BillingDeps, applies: boolean): AsyncGenerator<Drift> {
  for (const provider of deps.providers) {
    const living = new Map((await listLiving(deps.sql, provider.name)).map((known) => [known.subscriptionId, known]))
    for await (const subscription of provider.listSubscriptions({ signal: AbortSignal.timeout(listingMs) })) {
      const known = living.get(subscription.id)
      living.delete(subscription.id)
      const what = known ? await difference(deps, provider, known, subscription) : 'unknown here'
      if (what === null || (!known && subscription.status === 'incomplete')) continue
      const accountId = known?.accountId ?? (await ownerOf(deps, provider, subscription))
      yield await settled(deps, { provider: provider.name, subscriptionId: subscription.id, accountId, what }, applies)
    }
    for (const { subscriptionId, accountId } of living.values())
      yield await settled(
        deps,
        { provider: provider.name, subscriptionId, accountId, what: 'has ended there' },
        applies,
      )
  }
}

async function difference(
  { sql }: BillingDeps,
  provider: BillingProvider,
  known: Known,
  now: ProviderSubscription,
): Promise<string | null> {
  const ids = [now.priceId, ...(now.pendingPriceId === null ? [] : [now.pendingPriceId])]
  const prices = await listByProviderIds(sql, provider.name, ids)
  const pending = now.pendingPriceId === null ? null : (prices.get(now.pendingPriceId)?.id ?? null)
  const found = [
    known.status !== now.status && `status ${known.status}, there ${now.status}`,
    known.priceId !== (prices.get(now.priceId)?.id ?? null) && 'another price',
    known.pendingPriceId !== pending && 'another price at the period’s end',
    known.paidUntil.getTime() !== now.paidUntil.getTime() &&
      `paid until ${known.paidUntil.toISOString()}, there ${now.paidUntil.toISOString()}`,
    known.cancels !== now.cancelAtPeriodEnd && (now.cancelAtPeriodEnd ? 'cancelled there' : 'not cancelled there'),
  ].filter((text) => text !== false)
  return found.length === 0 ? null : found.join('; ')
}

async function ownerOf(deps: BillingDeps, provider: BillingProvider, { id }: ProviderSubscription) {
  const found = await findSubjectAccount(
    deps,
    provider,
    { subscriptionId: id },
    { signal: AbortSignal.timeout(workMs) },
  )
  return found?.accountId ?? null
}

async function settled(deps: BillingDeps, drift: Omit<Drift, 'settled'>, applies: boolean): Promise<Drift> {
  const { accountId, provider, subscriptionId } = drift
  const lease = applies && accountId !== null ? await takeLease(deps.sql, accountId, waitMs) : null
  if (!lease) return { ...drift, settled: false }
  try {
    const call = { signal: AbortSignal.timeout(workMs) }
    await syncAccount(deps, operator, lease, call, { also: [{ provider, subscriptionId }] })
    return { ...drift, settled: true }
  } finally {
    await releaseLease(deps.sql, lease)
  }
}
