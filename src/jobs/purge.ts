import type { Job } from '../db/job.ts'

/** Deletes expired rows of all rooms (`purge_expired` in sql/functions/purge.sql). */
export const purgeJobs: readonly Job[] = [{ name: 'purge-expired', everySeconds: 86_400, slow: true }]
