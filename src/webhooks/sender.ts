import { rightsOf } from '../access/rights.ts'
import { createConsumer } from '../async/consumer.ts'
import { createWorker } from '../async/worker.ts'
import { type AttemptOptions, attempt } from './attempt.ts'
import {
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

type Options = Partial<AttemptOptions> & {
  /** How many prompt endpoints are delivered to at once, and as many late ones; default 64. */
  concurrency?: number
  /** How many more prompt ones, when some take long; default 256. */
  spare?: number
  /** The interval of polling in milliseconds; default 2000. */
  pollMs?: number
  /** Seconds after a failed attempt in which an endpoint is not delivered to; default 4, less than the first wait. */
  pauseSeconds?: number
}

/** Concurrent messages to one endpoint; to a failing one, a single message. */
const concurrentMessages = 8
/** The length of an endpoint's turn, after which another gets its place; attempts in progress go on. */
const turnMs = 1_000
/** Longer than a turn and its last attempts, so that another instance continues only when this one has died. */
const leaseSeconds = 30
/** Concurrent endpoints of one account. */
const concurrentEndpoints = 8
/** How long an endpoint may fail before it is disabled: five days. */
const disableAfterSeconds = 5 * 24 * 3_600

/**
 * Delivers messages, at least once each, however often instances die. One instance at a time delivers to an endpoint,
 * for a turn of one second: a slow receiver delays its own messages only, and is then claimed separately. Holds no
 * database connection while it waits.
 */
export function createWebhookSender(deps: WebhookDeps & { webhookFigures: Figures }, options: Options = {}) {
  const { sql, log, webhookFigures: figures } = deps
  const { concurrency = 64, spare = 256, pollMs = 2_000, pauseSeconds = 4, attemptMs = 10_000, ca } = options
  /** The number of endpoints in progress by account. */
  const busy = new Map<string, number>()
  let stopped = false

  const consumers = (['prompt', 'late'] as const).map((kind) =>
    createConsumer<ClaimedEndpoint>({
      recipient: 'a webhook endpoint',
      concurrency,
      spare: kind === 'prompt' ? spare : 0,
      log,
      claim: (limit, running) =>
        claimEndpoints(sql, {
          limit,
          leaseSeconds,
          kind,
          running,
          perAccount: concurrentEndpoints,
          crowded: crowdedAccounts(),
          pauseSeconds,
        }),
      work: takePlace,
      // Whatever the error, it would occur again at once: the endpoint waits for the end of its lease.
      postpone: async () => {},
    }),
  )

  const crowdedAccounts = () => [...busy].filter(([, count]) => count >= concurrentEndpoints).map(([id]) => id)

  function count(accountId: string | null, by: 1 | -1): void {
    if (accountId === null) return
    const left = (busy.get(accountId) ?? 0) + by
    if (left > 0) busy.set(accountId, left)
    else busy.delete(accountId)
  }

  async function takePlace(endpoint: ClaimedEndpoint, yieldPlace: () => void): Promise<void> {
    const timer = setTimeout(yieldPlace, turnMs)
    count(endpoint.accountId, 1)
    try {
      await takeTurn(endpoint)
    } finally {
      clearTimeout(timer)
      count(endpoint.accountId, -1)
    }
  }

  async function takeTurn(endpoint: ClaimedEndpoint): Promise<void> {
    const endsAt = performance.now() + turnMs
    const atOnce = endpoint.isFailing ? 1 : concurrentMessages
    const refusal = refusalOf(endpoint)
    if (refusal !== null) await endQueued(sql, endpoint.id, refusal)
    else
      for (;;) {
        const due = await listDue(sql, endpoint.id, atOnce)
        if (due.length === 0) break
        if (await deliverAll(endpoint, due, () => due.length < atOnce || stopped || performance.now() >= endsAt)) return
      }
    await releaseEndpoint(sql, endpoint.id)
  }

  /** Why nothing is sent to an endpoint now: it is disabled, or its account has no webhooks. */
  function refusalOf({ enabled, ...endpoint }: ClaimedEndpoint): string | null {
    if (!enabled) return 'The endpoint is switched off.'
    if (endpoint.accountId === null) return null
    const rights = rightsOf(deps.catalogue.current, endpoint, deps.now() / 1_000)
    const isAllowed = endpoint.status === 'active' && rights.features.includes(webhookSupport)
    return isAllowed ? null : 'The account has no webhooks now.'
  }

  /** @returns whether the turn is over, and the endpoint was released with it */
  async function deliverAll(endpoint: ClaimedEndpoint, due: DueDelivery[], isLast: () => boolean): Promise<boolean> {
    const attempts = await Promise.all(due.map((delivery) => attempt(deps, endpoint, delivery, { attemptMs, ca })))
    for (const { delivered } of attempts) figures.count(delivered ? 'delivered' : 'failed')
    const isOver = isLast() || !attempts.every(({ delivered }) => delivered)
    const isHopeless = await recordAttempts(sql, endpoint.id, attempts, {
      slowMs: turnMs,
      disableAfterSeconds,
      isOver,
    })
    const isGone = attempts.some(({ responseStatus }) => responseStatus === 410)
    if (isGone || isHopeless) await disable(deps, endpoint, isGone ? 'gone' : 'failing')
    return isOver
  }

  const worker = createWorker({ consumers, notifier: deps.webhookWork, pollMs })
  return {
    ...worker,
    /** Stops claiming; resolves when running attempts have ended, at most the deadline of one attempt later. */
    stop(): Promise<void> {
      stopped = true
      return worker.stop()
    },
  }
}
