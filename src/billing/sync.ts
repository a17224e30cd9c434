import { lockPlan } from '../access/hierarchy.ts'
import type { Actor } from '../audit/actor.ts'
import type { Tx } from '../db/types.ts'
import { applyFacts } from './apply.ts'
import { requireProvider } from './choose-price.ts'
import type { BillingDeps } from './deps.ts'
import { fetchFacts } from './facts.ts'
import { countPayments } from './figure-queries.ts'
import { endIntent, type Intent, listOpenIntents } from './intent-queries.ts'
import { listToFetch, settleUnknown } from './known-queries.ts'
import { type Lease, requireLease } from './lease.ts'
import { setNextSync } from './lease-queries.ts'
import type { CallOptions, CheckoutState } from './providers/provider.ts'
import { isErased } from './queries.ts'
import { type Facts, nextSyncAt } from './standing.ts'
import { insertTask } from './task-queries.ts'

type SubscriptionRef = { provider: string; subscriptionId: string }
type Options = {
  /** Subscriptions to fetch besides the stored ones. */
  also?: readonly SubscriptionRef[]
  /** Runs in the same transaction. */
  finish?: (tx: Tx) => Promise<void>
}
type Checkouts = ReadonlyMap<string, CheckoutState | null>

/**
 * Synchronises an account's billing with its providers: fetches under the lease, then writes in one transaction, which commits only
 * while the lease is held.
 * @throws ProviderError, LeaseLostError
 */
export async function syncAccount(
  deps: BillingDeps,
  actor: Actor,
  lease: Lease,
  call: CallOptions,
  { also = [], finish }: Options = {},
): Promise<void> {
  const { accountId } = lease
  const intents = await listOpenIntents(deps.sql, accountId)
  const checkouts = await fetchCheckouts(deps, intents, call)
  const completed = intents.flatMap(({ id, provider }) => {
    const subscriptionId = checkouts.get(id)?.subscriptionId
    return subscriptionId ? [{ provider, subscriptionId }] : []
  })
  const places = distinct([...(await listToFetch(deps.sql, accountId)), ...also, ...completed])
  const facts: Facts[] = []
  for (const { provider, subscriptionId } of places) {
    const fetched = await fetchFacts(deps, requireProvider(deps, provider), subscriptionId, call)
    if (fetched) facts.push(fetched)
    else await settleUnknown(deps.sql, provider, subscriptionId)
  }
  facts.sort((a, b) => a.subscription.startedAt.getTime() - b.subscription.startedAt.getTime())
  await deps.sql.begin(
    async (tx) => {
      await lockPlan(tx, accountId)
      if (await isErased(tx, accountId)) await cancelAll(tx, facts)
      else {
        await requireLease(tx, lease)
        await write(tx, deps, { actor, accountId, facts, checkouts })
      }
      await finish?.(tx)
    },
    { evenIfAbandoned: true },
  )
}

type Written = { actor: Actor; accountId: string; facts: Facts[]; checkouts: Checkouts }

async function write(tx: Tx, deps: BillingDeps, { actor, accountId, facts, checkouts }: Written): Promise<void> {
  const syncs: number[] = []
  for (const one of facts) {
    const standing = await applyFacts(tx, { deps, actor, accountId }, one)
    const next = nextSyncAt(standing, deps.now())
    if (next) syncs.push(next.getTime())
  }
  for (const intent of await listOpenIntents(tx, accountId)) {
    const state = stateOf(intent, facts, checkouts.get(intent.id))
    if (state) await endIntent(tx, intent.id, state)
  }
  await setNextSync(tx, accountId, syncs.length === 0 ? null : new Date(Math.min(...syncs)))
  await countPayments(tx, accountId)
}

/** How an intent ended; null: it still waits. */
function stateOf(
  intent: Intent,
  facts: Facts[],
  checkout: CheckoutState | null | undefined,
): 'done' | 'expired' | null {
  const { id, kind, subscriptionId, priceId } = intent
  if (kind === 'checkout') {
    const came = facts.some(({ subscription }) => subscription.reference === id && subscription.status !== 'incomplete')
    if (came) return 'done'
    return checkout?.state === 'expired' || (intent.hasExpired && intent.state === 'wanted') ? 'expired' : null
  }
  const target = facts.find(({ subscription }) => subscription.id === subscriptionId)
  if (kind === 'upgrade' && target?.price?.id === priceId) return 'done'
  return intent.hasExpired || target?.subscription.status === 'ended' ? 'expired' : null
}

async function fetchCheckouts(deps: BillingDeps, intents: Intent[], call: CallOptions): Promise<Checkouts> {
  const found = new Map<string, CheckoutState | null>()
  for (const { id, kind, provider, checkoutId } of intents)
    if (kind === 'checkout' && checkoutId !== null)
      found.set(id, await requireProvider(deps, provider).fetchCheckout(checkoutId, call))
  return found
}

/** Cancels the subscriptions of an erased account. */
async function cancelAll(tx: Tx, facts: Facts[]): Promise<void> {
  for (const { provider, subscription } of facts)
    if (subscription.status !== 'ended')
      await insertTask(tx, { provider, kind: 'cancel-subscription', objectId: subscription.id })
}

function distinct(refs: SubscriptionRef[]): SubscriptionRef[] {
  return [...new Map(refs.map((ref) => [`${ref.provider} ${ref.subscriptionId}`, ref])).values()]
}
