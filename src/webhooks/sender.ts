import { rightsOf } from '../access/rights.ts'
import { createLane } from '../async/lane.ts'
import { createWorker } from '../async/worker.ts'
import {
  type Attempt,
  type ClaimedEndpoint,
  claimEndpoints,
  type DueDelivery,
  endQueued,
  listDue,
  recordAttempts,
  releaseEndpoint,
} from './delivery-queries.ts'
import type { WebhookDeps } from './deps.ts'
import { disable } from './disable.ts'
import { type Figures, webhookSupport } from './figures.ts'
import { post } from './post.ts'
import { signedHeaders } from './signature.ts'
import { UndeliverableError } from './undeliverable.ts'

export type WebhookSender = ReturnType<typeof createWebhookSender>

type Options = {
  /** How many endpoints that are well are delivered to at once, and as many that fail; default 64. */
  concurrency?: number
  /** How often it looks by itself; default 2000. */
  pollMs?: number
  /** The deadline of an attempt; default 10000. */
  attemptMs?: number
  /** Certificates that receivers are judged by beside those of the system, in tests. */
  ca?: string
}

/** Messages to one endpoint at once; to one that fails, a single one. */
const together = 8
/** An endpoint's turn ends after so long; longer waits its queue. */
const turnMs = 20_000
/** Longer than a turn and its last attempts. */
const leaseSeconds = 60
/** An endpoint that answered nothing for so long is disabled: five days. */
const patienceSeconds = 5 * 24 * 3_600

/** Seconds until the next attempt after the n-th: ten in all, over 24 hours. */
const waits = [5, 60, 300, 1_200, 3_600, 7_200, 14_400, 21_600, 36_000]

/** After the n-th attempt, with a tenth of jitter; null: that was the last. */
export function retryAfterSeconds(attempts: number, random = Math.random): number | null {
  const wait = waits[attempts - 1]
  return wait === undefined ? null : wait * (0.9 + random() / 5)
}

/**
 * Delivers what waits, at least once each, however often instances die. An endpoint is delivered to by one instance at a time,
 * and has one place: a slow receiver delays its own messages alone. Holds no connection of the database while it waits.
 */
export function createWebhookSender(deps: WebhookDeps & { webhookFigures: Figures }, options: Options = {}) {
  const { sql, log, webhookFigures: figures } = deps
  const { concurrency = 64, pollMs = 2_000, attemptMs = 10_000, ca } = options
  let stopped = false

  const lanes = [false, true].map((failing) =>
    createLane<ClaimedEndpoint>({
      recipient: 'a webhook endpoint',
      concurrency,
      log,
      claim: (limit) => claimEndpoints(sql, { limit, leaseSeconds, failing }),
      work: takeTurn,
      // Whatever it was, it would be met again at once: the endpoint waits for the end of its lease.
      postpone: async () => {},
    }),
  )

  async function takeTurn(endpoint: ClaimedEndpoint): Promise<void> {
    const endsAt = performance.now() + turnMs
    const atOnce = endpoint.isFailing ? 1 : together
    if (!mayReceive(endpoint)) await endQueued(sql, endpoint.id, 'The account has no webhooks now.')
    else
      for (let goesOn = true; goesOn && !stopped && performance.now() < endsAt; ) {
        const due = await listDue(sql, endpoint.id, atOnce)
        goesOn = due.length > 0 && (await deliverAll(endpoint, due))
      }
    await releaseEndpoint(sql, endpoint.id)
  }

  /** The operators' endpoints always; an account's while it is active and its plan has webhooks. */
  function mayReceive(endpoint: ClaimedEndpoint): boolean {
    if (endpoint.status === null) return endpoint.accountId === null
    const rights = rightsOf(deps.catalogue.current, endpoint, deps.now() / 1_000)
    return endpoint.status === 'active' && rights.features.includes(webhookSupport)
  }

  /** @returns whether all were delivered */
  async function deliverAll(endpoint: ClaimedEndpoint, due: DueDelivery[]): Promise<boolean> {
    const attempts = await Promise.all(due.map((delivery) => attempt(endpoint, delivery)))
    const isHopeless = await recordAttempts(sql, endpoint.id, attempts, patienceSeconds)
    const isGone = attempts.some(({ responseStatus }) => responseStatus === 410)
    if (isGone || isHopeless) await disable(deps, endpoint, isGone ? 'gone' : 'failing')
    return attempts.every(({ delivered }) => delivered)
  }

  async function attempt(endpoint: ClaimedEndpoint, { id, messageId, body, attempts }: DueDelivery): Promise<Attempt> {
    const began = performance.now()
    const outcome = await send(endpoint, messageId, body)
    const delivered = outcome.error === null
    const isGone = outcome.responseStatus === 410
    figures.count(delivered ? 'delivered' : 'failed')
    return {
      id,
      attempts,
      delivered,
      durationMs: Math.round(performance.now() - began),
      ...outcome,
      retryAfterSeconds: delivered || isGone ? null : retryAfterSeconds(attempts + 1),
    }
  }

  async function send(
    endpoint: ClaimedEndpoint,
    messageId: string,
    body: string,
  ): Promise<Pick<Attempt, 'responseStatus' | 'responseBody' | 'error'>> {
    try {
      const seconds = Math.floor(deps.now() / 1_000)
      const headers = signedHeaders({ id: `msg_${messageId}`, seconds, body }, secretsOf(endpoint))
      const { privateNetworks, inClear } = deps.config.webhooks
      const reach = { networks: endpoint.accountId === null ? privateNetworks : [], inClear }
      const { status, body: start } = await post(endpoint.url, headers, body, { reach, milliseconds: attemptMs, ca })
      const isWell = status >= 200 && status < 300
      return { responseStatus: status, responseBody: start, error: isWell ? null : `The answer was ${status}.` }
    } catch (error) {
      if (!(error instanceof UndeliverableError)) throw error
      return { responseStatus: null, responseBody: null, error: error.message }
    }
  }

  function secretsOf({ id, secret, earlierSecret }: ClaimedEndpoint): string[] {
    const place = { table: 'webhook_endpoints', id }
    const current = deps.secrets.decrypt(secret, { ...place, column: 'secret' })
    return earlierSecret
      ? [current, deps.secrets.decrypt(earlierSecret, { ...place, column: 'earlier_secret' })]
      : [current]
  }

  const worker = createWorker({ lanes, bell: deps.webhookWork, pollMs })
  return {
    ...worker,
    /** Begins nothing more; resolves when what runs has ended, which takes no longer than an attempt. */
    stop(): Promise<void> {
      stopped = true
      return worker.stop()
    },
  }
}
