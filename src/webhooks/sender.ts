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

export type WebhookSender = ReturnType<typeof createWebhookSender>

type Options = Partial<AttemptOptions> & {
  /** How many endpoints that are prompt are delivered to at once, and as many that are late; default 64. */
  concurrency?: number
  /** How many prompt ones more, when some of them turn out to be slow; default 256. */
  spare?: number
  /** How often it looks by itself; default 2000. */
  pollMs?: number
  /** An endpoint that fails is left alone for so long after an attempt; default 4, less than the first wait. */
  pauseSeconds?: number
}

/** Messages to one endpoint at once; to one that fails, a single one. */
const concurrentMessages = 8
/** An endpoint's turn ends after so long, and its place goes to another; what is under way goes on. */
const turnMs = 1_000
/** Longer than a turn and its last attempts: what an instance that died left is taken up after it. */
const leaseSeconds = 30
/** Endpoints of one account at once. */
const concurrentEndpoints = 8
/** An endpoint that answered nothing for so long is disabled: five days. */
const disableAfterSeconds = 5 * 24 * 3_600

/**
 * Delivers what waits, at least once each, however often instances die. An endpoint is delivered to by one instance at a time.
 * It has one place, for a second at most: a slow receiver delays its own messages alone, and waits apart from then on. Holds
 * no connection of the database while it waits.
 */
export function createWebhookSender(deps: WebhookDeps & { webhookFigures: Figures }, options: Options = {}) {
  const { sql, log, webhookFigures: figures } = deps
  const { concurrency = 64, spare = 256, pollMs = 2_000, pauseSeconds = 4, attemptMs = 10_000, ca } = options
  /** Endpoints under way of each account. */
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
      // Whatever it was, it would be met again at once: the endpoint waits for the end of its lease.
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

  /** Why nothing is sent to an endpoint now: it is switched off, or its account has no webhooks. */
  function refusalOf({ enabled, ...endpoint }: ClaimedEndpoint): string | null {
    if (!enabled) return 'The endpoint is switched off.'
    if (endpoint.accountId === null) return null
    const rights = rightsOf(deps.catalogue.current, endpoint, deps.now() / 1_000)
    const isAllowed = endpoint.status === 'active' && rights.features.includes(webhookSupport)
    return isAllowed ? null : 'The account has no webhooks now.'
  }

  /** @returns whether the turn is over, and the endpoint with it released */
  async function deliverAll(endpoint: ClaimedEndpoint, due: DueDelivery[], isLast: () => boolean): Promise<boolean> {
    const attempts = await Promise.all(due.map((delivery) => attempt(deps, endpoint, delivery, { attemptMs, ca })))
    for (const { delivered } of attempts) figures.count(delivered ? 'delivered' : 'failed')
    const isOver = isLast() || !attempts.every(({ delivered }) => delivered)
    const isHopeless = await recordAttempts(sql, endpoint.id, attempts, {
      slowMs: turnMs,
      patienceSeconds: disableAfterSeconds,
      isOver,
    })
    const isGone = attempts.some(({ responseStatus }) => responseStatus === 410)
    if (isGone || isHopeless) await disable(deps, endpoint, isGone ? 'gone' : 'failing')
    return isOver
  }

  const worker = createWorker({ consumers, notifier: deps.webhookWork, pollMs })
  return {
    ...worker,
    /** Begins nothing more; resolves when what runs has ended, which takes no longer than an attempt. */
    stop(): Promise<void> {
      stopped = true
      return worker.stop()
    },
  }
}
