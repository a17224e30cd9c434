import type { createConsumer } from './consumer.ts'
import type { Notifier } from './notifier.ts'

type Consumer = Pick<ReturnType<typeof createConsumer>, 'poll' | 'idle' | 'stop'>

export type Worker = ReturnType<typeof createWorker>

type Options = {
  consumers: readonly Consumer[]
  /** Notified when new work was stored. */
  notifier: Notifier
  /** Milliseconds between polls without a notification, ± 20 %. */
  pollMs: number
}

/** Polls its consumers when it is notified, and every `pollMs`. */
export function createWorker({ consumers, notifier, pollMs }: Options) {
  const poll = () => {
    for (const consumer of consumers) consumer.poll()
  }
  const unsubscribe = notifier.onNotify(poll)
  let timer: Timer | undefined
  return {
    start(): void {
      poll()
      timer = setInterval(poll, pollMs * (0.8 + Math.random() * 0.4))
      timer.unref()
    },
    poll,
    /** Resolves once no item is due and none is running; for tests. */
    async idle(): Promise<void> {
      for (let isBusy = true; isBusy; ) {
        const busy = await Promise.all(consumers.map((consumer) => consumer.idle()))
        isBusy = busy.includes(true)
      }
    },
    /** Stops polling; resolves when the running items have ended. */
    async stop(): Promise<void> {
      unsubscribe()
      clearInterval(timer)
      await Promise.all(consumers.map((consumer) => consumer.stop()))
    },
  }
}
