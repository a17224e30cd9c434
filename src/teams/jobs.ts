import type { Job } from '../db/job.ts'

/** Gives members the plan that their owner shares since an edit of the catalogue; one team a transaction. */
export const teamJobs: readonly Job[] = [{ name: 'settle-teams', everySeconds: 60, batch: 1 }]
