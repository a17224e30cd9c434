import { atMost } from './async/timeout.ts'
import { startJobs } from './jobs/schedule.ts'
import { createHeartbeat } from './ops/heartbeat.ts'
import type { OpenDeps } from './services.ts'

/** Long enough that the first requests are answered before it begins. */
const beginsAfterMs = 250

/** Ends what an instance does beside answering requests. */
export type Background = {
  /** Begins no further job; waits 2 s at most for those under way. */
  stopJobs(): Promise<void>
  /** Ends the rest, before a time in epoch milliseconds; what was not done by then is taken up by another instance. */
  stop(endsAt: number): Promise<void>
}

/** Starts what an instance does beside answering requests, a moment later: jobs, senders, workers and its heartbeat. */
export function startBackground(deps: OpenDeps): Background {
  let begun: ReturnType<typeof begin> | undefined
  const timer = setTimeout(() => {
    begun = begin(deps)
  }, beginsAfterMs)
  return {
    async stopJobs() {
      clearTimeout(timer)
      const running = await begun
      if (running) await atMost(2_000, running.stopJobs())
    },
    async stop(endsAt) {
      const running = await begun
      if (!running) return
      const halfOfRest = () => Math.max(0, Math.min(5_000, (endsAt - Date.now()) / 2))
      const stoppingWebhooks = running.stopWebhooks(halfOfRest())
      await running.stopBilling(halfOfRest())
      await running.stopMail(halfOfRest())
      await Promise.all([stoppingWebhooks, atMost(1_000, running.heartbeat.stop())])
    },
  }
}

async function begin(deps: OpenDeps) {
  const stopJobs = startJobs(deps)
  const stopMail = await startMail(deps)
  const stopBilling = await startBilling(deps)
  const stopWebhooks = await startWebhooks(deps)
  const heartbeat = createHeartbeat(deps)
  heartbeat.start()
  return { stopJobs, stopMail, stopBilling, stopWebhooks, heartbeat }
}

/** @returns a function that stops the sender within so many milliseconds */
async function startMail(deps: OpenDeps): Promise<(milliseconds: number) => Promise<void>> {
  if (!deps.mail.isOn) return async () => {}
  const { startMailSender } = await import('./mail/start-sender.ts')
  const sender = startMailSender(deps)
  return (milliseconds) => atMost(milliseconds + 500, sender.stop(milliseconds))
}

/** @returns a function that stops the worker within so many milliseconds; other instances take over unanswered calls */
async function startBilling(deps: OpenDeps): Promise<(milliseconds: number) => Promise<void>> {
  if (deps.providers.length === 0) return async () => {}
  const { createBillingWorker } = await import('./billing/worker.ts')
  const worker = createBillingWorker(deps)
  worker.start()
  return (milliseconds) => atMost(milliseconds, worker.stop())
}

/**
 * @returns a function that stops the sender within so many milliseconds; other instances send unanswered deliveries
 *   again
 */
async function startWebhooks(deps: OpenDeps): Promise<(milliseconds: number) => Promise<void>> {
  const { createWebhookSender } = await import('./webhooks/sender.ts')
  const sender = createWebhookSender(deps, { pollMs: deps.config.authzFeed === 'listen' ? 5_000 : 2_000 })
  sender.start()
  return (milliseconds) => atMost(milliseconds, sender.stop())
}
