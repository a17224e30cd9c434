import { createDurations, type Durations } from '../../metrics/durations.ts'
import { inSpan } from '../../tracing/tracer.ts'
import type { BillingProvider } from './provider.ts'
import { ProviderError, type ProviderFailure } from './provider-error.ts'

const failures: readonly ProviderFailure[] = ['unavailable', 'unreadable', 'unsupported', 'refused']
type Outcome = 'answered' | ProviderFailure | 'failed'

/** Calls to one provider since the start, by outcome, and their durations. */
export type ProviderFigures = { calls: ReadonlyMap<Outcome, number>; durations: Durations }

const figuresByProvider = new WeakMap<BillingProvider, ProviderFigures>()

/** The figures of a provider that `observed` wrapped. */
export function figuresOf(provider: BillingProvider): ProviderFigures | undefined {
  return figuresByProvider.get(provider)
}

/**
 * Wraps a provider: its calls are counted, timed and traced. `verifyWebhook` calls no provider, and is not counted.
 */
export function observed(provider: BillingProvider): BillingProvider {
  const calls = new Map<Outcome, number>((['answered', ...failures, 'failed'] as const).map((outcome) => [outcome, 0]))
  const durations = createDurations()
  const count = (outcome: Outcome) => calls.set(outcome, (calls.get(outcome) ?? 0) + 1)

  async function call(name: string, work: () => Promise<unknown>): Promise<unknown> {
    const startedAt = performance.now()
    try {
      const answer = await inSpan(`${provider.name} ${name}`, {}, work)
      count('answered')
      return answer
    } catch (error) {
      count(error instanceof ProviderError ? error.failure : 'failed')
      throw error
    } finally {
      durations.observe(performance.now() - startedAt)
    }
  }

  const counted = Object.entries(provider).flatMap(([name, member]) =>
    asks.has(name) && typeof member === 'function'
      ? [[name, (...args: unknown[]) => call(name, async () => Reflect.apply(member, provider, args))]]
      : [],
  )
  const made: BillingProvider = { ...provider, ...Object.fromEntries(counted) }
  figuresByProvider.set(made, { calls, durations })
  return made
}

/** The methods that send requests to the provider. */
const asks: ReadonlySet<string> = new Set<keyof BillingProvider>([
  'ensurePrice',
  'createCustomer',
  'openCheckout',
  'fetchCheckout',
  'expireCheckout',
  'fetchSubscription',
  'previewChange',
  'changeNow',
  'changeAtPeriodEnd',
  'cancel',
  'resume',
  'openPortal',
  'listPayments',
  'refund',
  'findSubject',
])
