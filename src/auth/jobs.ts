import type { Job } from '../db/job.ts'

export const authJobs: readonly Job[] = [
  // Deletes the claims of successors, which can be asked for again for 10 s only (refresh.ts).
  { name: 'forget-successors', everySeconds: 5 },
  // Deletes old sessions and days of usage after noting the last use; locks the rows of a thousand accounts at a time.
  { name: 'forget-uses', everySeconds: 3_600, batch: 1_000, slow: true },
]
