import { createConsumer } from '../async/consumer.ts'
import { createWorker } from '../async/worker.ts'
import { operator } from '../audit/actor.ts'
import { resumeIntent } from './complete-intent.ts'
import type { BillingDeps } from './deps.ts'
import { type ClaimedEvent, claimEvents, postponeEvent, releaseEvent } from './event-queries.ts'
import { handleEvent } from './inbox.ts'
import { endIntent, listOpenIntents } from './intent-queries.ts'
import { releaseLease, takeLease, workMs } from './lease.ts'
import { listDue, postponeSync } from './lease-queries.ts'
import { ProviderError } from './providers/provider-error.ts'
import { sharesOf } from './share.ts'
import { syncAccount } from './sync.ts'
import { claimTasks, postponeTask, type Task } from './task-queries.ts'
import { doTask } from './tasks.ts'

type Options = {
  /** How many events, accounts and tasks of a provider are processed at once, each; default 4. */
  concurrency?: number
  /** Milliseconds between polls without a notification; default 5000. */
  pollMs?: number
}

/** Longer than the work of one event or task may take. */
const leaseSeconds = 90
/** The name of the other side in log messages. */
const recipient = 'a payment provider'

/** Seconds until the retry after the n-th attempt: exponential back-off from 5 s to an hour, with ±25 % jitter, and at least what the provider asked for. */
export function retryAfterSeconds(attempts: number, asked = 0, random = Math.random): number {
  const seconds = Math.min(3_600, 5 * 2 ** Math.min(Math.max(attempts - 1, 0), 20)) * (0.75 + random() / 2)
  return Math.max(seconds, Math.min(asked, 3_600))
}

/**
 * Creates the worker that processes events, due accounts and tasks: a few of each kind and provider at a time. Instances share the work
 * by leases. No database connection is held while a provider is called.
 */
export function createBillingWorker(deps: BillingDeps, { concurrency = 4, pollMs = 5_000 }: Options = {}) {
  const { sql, log } = deps

  const consumers = [
    ...deps.providers.map((provider) =>
      createConsumer<ClaimedEvent>({
        recipient,
        concurrency,
        log,
        claim: (free) => claimEvents(sql, provider.name, free, leaseSeconds),
        work: async (event) => {
          if (!(await handleEvent(deps, provider, event))) await releaseEvent(sql, event.id, 1)
        },
        async postpone(event, error) {
          const seconds = retryAfterSeconds(event.attempts, askedBy(error))
          if (await postponeEvent(sql, event.id, seconds, messageOf(error)))
            log.error(
              { eventId: event.id, type: event.type },
              'an event of a provider has failed: see the list of events',
            )
        },
      }),
    ),
    ...sharesOf(deps.providers).flatMap((share) => [
      createConsumer<{ id: string; attempts: number }>({
        recipient,
        concurrency,
        log,
        claim: async (free) =>
          (await listDue(sql, share, free)).map(({ accountId, attempts }) => ({ id: accountId, attempts })),
        work: ({ id }) => settleDue(deps, id),
        postpone: ({ id, attempts }, error) =>
          postponeSync(sql, id, retryAfterSeconds(attempts + 1, askedBy(error)), messageOf(error)),
      }),
      createConsumer<Task>({
        recipient,
        concurrency,
        log,
        claim: (free) => claimTasks(sql, share, free, leaseSeconds),
        work: (task) => doTask(deps, task),
        postpone: (task, error) =>
          postponeTask(sql, task, retryAfterSeconds(task.attempts, askedBy(error)), messageOf(error)),
      }),
    ]),
  ]
  return createWorker({ consumers, notifier: deps.billingWork, pollMs })
}

/** Carries out an account's waiting intents, then synchronises its billing. */
async function settleDue(deps: BillingDeps, accountId: string): Promise<void> {
  const lease = await takeLease(deps.sql, accountId)
  if (!lease) return
  try {
    for (const intent of await listOpenIntents(deps.sql, accountId))
      if (intent.state === 'wanted')
        await resumeIntent(deps, lease, intent).catch(async (error) => {
          const isFinal =
            error instanceof ProviderError && (error.failure === 'refused' || error.failure === 'unsupported')
          if (!isFinal) throw error
          await endIntent(deps.sql, intent.id, 'refused')
        })
    await syncAccount(deps, operator, lease, { signal: AbortSignal.timeout(workMs) })
  } finally {
    await releaseLease(deps.sql, lease)
  }
}

const askedBy = (error: unknown) => (error instanceof ProviderError ? error.retryAfterSeconds : undefined)

/** The stored message, which administrators see: no text of other errors, because it may hold personal data. */
const messageOf = (error: unknown): string =>
  error instanceof ProviderError ? `${error.failure}: ${error.message}` : 'it could not be written: see the log'
