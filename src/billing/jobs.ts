import type { Job } from '../db/job.ts'

/** Rights end at their second without it; it makes the stored rows say so. */
export const billingJobs: readonly Job[] = [
  { name: 'end-expired', everySeconds: 60, batch: 250 },
  { name: 'reconcile-billing', everySeconds: 86_400 },
]
