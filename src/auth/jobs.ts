import type { Job } from '../db/job.ts'

export const authJobs: readonly Job[] = [
  // What is kept to sign a successor again is worthless after 10 s.
  { name: 'forget-successors', everySeconds: 5 },
  // Sessions and counted days that are over; a thousand accounts at a time, whose rows it locks.
  { name: 'forget-uses', everySeconds: 3_600, batch: 1_000, slow: true },
]
