import { lockForAuthorisation } from '../../access/hierarchy.ts'
import { type ErasureDeps, eraseForgotten } from '../../account/erasure.ts'
import type { Job } from '../../db/job.ts'
import { listForgottenInvitations, listStillForgotten } from './queries.ts'

/** The most accounts that one transaction erases. */
const batch = 20

/** Erases accounts whose invitation was not accepted within 30 days. */
export function invitationJobs(deps: ErasureDeps): Job[] {
  return [
    {
      name: 'erase-invited',
      everySeconds: 3_600,
      batch,
      async work(tx) {
        const found = await listForgottenInvitations(tx, batch)
        const accounts = await lockForAuthorisation(tx, found)
        // Read again under the lock: the invitation may have been accepted or renewed meanwhile.
        const forgotten = new Set(await listStillForgotten(tx, found))
        for (const account of accounts) if (forgotten.has(account.id)) await eraseForgotten(tx, deps, account)
        return { result: found.length }
      },
    },
  ]
}
