import type { Job } from '../db/job.ts'
import type { Outbox } from './outbox.ts'
import { deleteUnsendable } from './sender-queries.ts'

/**
 * With MAIL=off: drops notices that the schema queued when a subscription ended by the clock; the schema does not have
 * the setting.
 */
export function mailJobs({ mail }: { mail: Outbox }): Job[] {
  if (mail.isOn) return []
  return [
    {
      name: 'drop-notices',
      everySeconds: 60,
      async work(tx) {
        const dropped = await deleteUnsendable(tx)
        return { result: dropped, committed: () => mail.figures.count('dropped', dropped) }
      },
    },
  ]
}
