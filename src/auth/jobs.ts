import type { Job } from '../db/job.ts'

/** What is kept to sign a successor again is worthless after 10 s. */
export const authJobs: readonly Job[] = [{ name: 'forget-successors', everySeconds: 5 }]
