import type { Principal } from '../access/principal.ts'
import { AppError } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import { requireProvider } from './choose-price.ts'
import type { BillingDeps } from './deps.ts'
import { findCustomer } from './known-queries.ts'
import { listPayments, type PaymentItem } from './payment-queries.ts'
import { ProviderError } from './providers/provider-error.ts'
import { findSubscription } from './queries.ts'
import { returnUrlOf } from './return-url.ts'
import { requireSubscription } from './views.ts'

/** Timeout of the portal's request to the provider, in milliseconds. */
const portalMs = 10_000

/** A person's payments, newest first. */
export function readPayments(
  { sql }: Pick<BillingDeps, 'sql'>,
  { accountId }: Pick<Principal, 'accountId'>,
  { limit, after }: Slice<string>,
): Promise<PaymentItem[]> {
  return listPayments(sql, accountId, limit, after)
}

/**
 * The URL of the provider's page with payment method and invoices.
 * @throws AppError `not-supported-by-provider` where the subscription has no provider, `payment-provider-unavailable`, `validation-failed`
 */
export async function openPortal(
  deps: BillingDeps,
  { accountId }: Principal,
  returnTo: string | undefined,
): Promise<{ portalUrl: string }> {
  const { paid, provider } = await requireSubscription(findSubscription(deps.sql, accountId))
  const customerId = paid && (await findCustomer(deps.sql, provider, accountId))
  if (!paid || customerId === null)
    throw new AppError('not-supported-by-provider', { detail: 'The subscription is not paid through a provider.' })
  const back = returnUrlOf(deps.config, returnTo)
  try {
    const customer = { customerId, subscriptionId: paid.providerSubscriptionId }
    const signal = AbortSignal.timeout(portalMs)
    return { portalUrl: await requireProvider(deps, provider).openPortal(customer, back, { signal }) }
  } catch (error) {
    throw toAppError(error)
  }
}

/** Maps a provider's failure of a read to a problem; other errors are returned as they are. */
export function toAppError(error: unknown): unknown {
  if (!(error instanceof ProviderError)) return error
  const isFinal = error.failure === 'unsupported' || error.failure === 'refused'
  return new AppError(isFinal ? 'not-supported-by-provider' : 'payment-provider-unavailable', { cause: error })
}
