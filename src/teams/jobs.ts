import type { Job } from '../db/job.ts'
import { endSurplusSeats, type SurplusDeps } from './surplus.ts'

/**
 * `settle-teams` gives members the plan that their owner has since an edit of the catalogue; the other job ends surplus
 * memberships. Both handle one team in each transaction.
 */
export function teamJobs(deps: SurplusDeps): readonly Job[] {
  return [
    { name: 'settle-teams', everySeconds: 60, batch: 1 },
    {
      name: 'end-surplus-seats',
      everySeconds: 300,
      batch: 1,
      work: async (tx) => ({ result: await endSurplusSeats(tx, deps) }),
    },
  ]
}
