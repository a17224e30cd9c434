import { type Actor, account } from '../audit/actor.ts'
import type { Tx } from '../db/types.ts'
import type { BillingDeps } from './deps.ts'
import { listStatuses, upsertPayment } from './payment-queries.ts'
import type { Facts } from './standing.ts'
import { notifyOfChange } from './subscriptions.ts'

type Context = { deps: BillingDeps; actor: Actor; accountId: string }

/** Stores a row for each charge, refund and dispute, and an audit row for each that is new or has a new status. */
export async function recordPayments(tx: Tx, { deps, actor, accountId }: Context, facts: Facts): Promise<void> {
  const { provider, subscription, price, payments } = facts
  const known = await listStatuses(
    tx,
    provider,
    payments.map(({ id }) => id),
  )
  for (const { id, kind, status, money, at, chargeId, period, invoiceUrl } of payments) {
    await upsertPayment(tx, {
      id: Bun.randomUUIDv7('hex', at),
      accountId,
      provider,
      providerPaymentId: id,
      subscriptionId: subscription.id,
      chargeId,
      kind,
      status,
      ...money,
      plan: price?.plan ?? null,
      interval: price?.interval ?? null,
      at,
      periodStart: period?.start ?? null,
      periodEnd: period?.end ?? null,
      invoiceUrl,
    })
    if (known.get(id) === status) continue
    const details = { provider, paymentId: id, status, ...money }
    await deps.audit.record(tx, actor, `payment.${kind}`, account(accountId), { details })
    if (kind === 'refund' && status === 'succeeded') await notifyOfChange(tx, deps, accountId, 'refunded')
  }
}
