import { currentTracer, inSpan } from '../tracing/tracer.ts'
import type { Attempt, ClaimedEndpoint, DueDelivery } from './delivery-queries.ts'
import type { WebhookDeps } from './deps.ts'
import { post } from './post.ts'
import { signedHeaders } from './signature.ts'
import { UndeliverableError } from './undeliverable.ts'

export type AttemptOptions = {
  /** The deadline of an attempt. */
  attemptMs: number
  /** Certificates that are trusted beside the system's, in tests. */
  ca?: string | undefined
}

/** Seconds until the next attempt after the n-th: ten in all, over 24 hours. */
const waits = [5, 60, 300, 1_200, 3_600, 7_200, 14_400, 21_600, 36_000]

/** Seconds after the n-th attempt, with a tenth of jitter; null: it was the last. */
export function retryAfterSeconds(attempts: number, random = Math.random): number | null {
  const wait = waits[attempts - 1]
  return wait === undefined ? null : wait * (0.9 + random() / 5)
}

type AttemptDeps = Pick<WebhookDeps, 'secrets' | 'config' | 'now'>

/** Signs a message and sends it, once. @throws Error when no configured key decrypts the endpoint's secret */
export async function attempt(
  deps: AttemptDeps,
  endpoint: ClaimedEndpoint,
  { id, messageId, body, attempts }: DueDelivery,
  options: AttemptOptions,
): Promise<Attempt> {
  const began = performance.now()
  const outcome = await send(deps, endpoint, { messageId, body }, options)
  const delivered = outcome.error === null
  const isGone = outcome.responseStatus === 410
  return {
    id,
    attempts,
    delivered,
    durationMs: Math.round(performance.now() - began),
    ...outcome,
    retryAfterSeconds: delivered || isGone ? null : retryAfterSeconds(attempts + 1),
  }
}

function send(
  deps: AttemptDeps,
  endpoint: ClaimedEndpoint,
  { messageId, body }: Pick<DueDelivery, 'messageId' | 'body'>,
  { attemptMs: milliseconds, ca }: AttemptOptions,
): Promise<Pick<Attempt, 'responseStatus' | 'responseBody' | 'error'>> {
  return inSpan('webhook delivery', { kind: 'client' }, async (span) => {
    const { privateNetworks, inClear } = deps.config.webhooks
    const reach = { networks: endpoint.accountId === null ? privateNetworks : [], inClear }
    const headers = headersOf(deps, endpoint, { messageId, body })
    try {
      const answer = await post(endpoint.url, headers, body, { reach, milliseconds, ca })
      span.set({ 'http.response.status_code': answer.status })
      const isWell = answer.status >= 200 && answer.status < 300
      const error = isWell ? null : `The answer was ${answer.status}.`
      return { responseStatus: answer.status, responseBody: answer.body, error }
    } catch (error) {
      if (!(error instanceof UndeliverableError)) throw error
      return { responseStatus: null, responseBody: null, error: error.message }
    }
  })
}

/**
 * The signed headers; those to the operators' services also have the current trace, those to accounts' endpoints do
 * not.
 */
export function headersOf(
  deps: Pick<WebhookDeps, 'secrets' | 'now'>,
  endpoint: ClaimedEndpoint,
  { messageId, body }: Pick<DueDelivery, 'messageId' | 'body'>,
): Record<string, string> {
  const seconds = Math.floor(deps.now() / 1_000)
  const signed = signedHeaders({ id: `msg_${messageId}`, seconds, body }, secretsOf(deps, endpoint))
  return endpoint.accountId === null ? { ...signed, ...currentTracer()?.headers() } : signed
}

/** The current secret, and the earlier one while it is valid. */
function secretsOf(
  { secrets }: Pick<WebhookDeps, 'secrets'>,
  { id, secret, earlierSecret }: ClaimedEndpoint,
): string[] {
  const place = { table: 'webhook_endpoints', id }
  const current = secrets.decrypt(secret, { ...place, column: 'secret' })
  return earlierSecret ? [current, secrets.decrypt(earlierSecret, { ...place, column: 'earlier_secret' })] : [current]
}
