import { createLane } from '../async/lane.ts'
import { createWorker } from '../async/worker.ts'
import { operator } from '../audit/actor.ts'
import { takeUpIntent } from './complete-intent.ts'
import type { BillingDeps } from './deps.ts'
import { type ClaimedEvent, claimEvents, postponeEvent, releaseEvent } from './event-queries.ts'
import { handleEvent } from './inbox.ts'
import { endIntent, listOpenIntents } from './intent-queries.ts'
import { releaseLease, takeLease, workMs } from './lease.ts'
import { listDue, postponeLook } from './lease-queries.ts'
import { ProviderError } from './providers/provider-error.ts'
import { settleAccount } from './settle.ts'
import { sharesOf } from './share.ts'
import { claimTasks, postponeTask, type Task } from './task-queries.ts'
import { doTask } from './tasks.ts'

export type BillingWorker = ReturnType<typeof createBillingWorker>

type Options = {
  /** How many events, accounts and tasks of a provider are worked on at once, each; default 4. */
  concurrency?: number
  /** How often it looks by itself; default 5000. */
  pollMs?: number
}

/** Longer than the work of one event or task may take. */
const leaseSeconds = 90
/** For the log. */
const recipient = 'a payment provider'

/** Seconds until something is tried again after its n-th attempt: from 5 s, doubling to an hour, with a quarter of jitter. */
export function retryAfterSeconds(attempts: number, asked = 0, random = Math.random): number {
  const seconds = Math.min(3_600, 5 * 2 ** Math.min(Math.max(attempts - 1, 0), 20)) * (0.75 + random() / 2)
  return Math.max(seconds, Math.min(asked, 3_600))
}

/**
 * Looks into events, does what is due of accounts, and what has to be done at providers: a few of each and of each provider
 * at a time, whichever instance comes first. No connection of the database is held while a provider is called.
 */
export function createBillingWorker(deps: BillingDeps, { concurrency = 4, pollMs = 5_000 }: Options = {}) {
  const { sql, log } = deps

  const lanes = [
    ...deps.providers.map((provider) =>
      createLane<ClaimedEvent>({
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
      createLane<{ id: string; attempts: number }>({
        recipient,
        concurrency,
        log,
        claim: async (free) =>
          (await listDue(sql, share, free)).map(({ accountId, attempts }) => ({ id: accountId, attempts })),
        work: ({ id }) => settleDue(deps, id),
        postpone: ({ id, attempts }, error) =>
          postponeLook(sql, id, retryAfterSeconds(attempts + 1, askedBy(error)), messageOf(error)),
      }),
      createLane<Task>({
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
  return createWorker({ lanes, bell: deps.billingWork, pollMs })
}

/** What an account still wants of a provider, then what its providers say. */
async function settleDue(deps: BillingDeps, accountId: string): Promise<void> {
  const lease = await takeLease(deps.sql, accountId)
  if (!lease) return
  try {
    for (const intent of await listOpenIntents(deps.sql, accountId))
      if (intent.state === 'wanted')
        await takeUpIntent(deps, lease, intent).catch(async (error) => {
          const isFinal =
            error instanceof ProviderError && (error.failure === 'refused' || error.failure === 'unsupported')
          if (!isFinal) throw error
          await endIntent(deps.sql, intent.id, 'refused')
        })
    await settleAccount(deps, operator, lease, { signal: AbortSignal.timeout(workMs) })
  } finally {
    await releaseLease(deps.sql, lease)
  }
}

const askedBy = (error: unknown) => (error instanceof ProviderError ? error.retryAfterSeconds : undefined)

/** For administrators: no text of an error that may hold something of a person. */
const messageOf = (error: unknown): string =>
  error instanceof ProviderError ? `${error.failure}: ${error.message}` : 'it could not be written: see the log'
