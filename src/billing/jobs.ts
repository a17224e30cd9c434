import type { Job } from '../db/job.ts'

/** `end-expired` only updates the stored rows: rights end on time without it. */
export const billingJobs: readonly Job[] = [
  { name: 'end-expired', everySeconds: 60, batch: 250 },
  { name: 'reconcile-billing', everySeconds: 86_400 },
]
