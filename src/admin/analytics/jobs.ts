import type { Job } from '../../db/job.ts'

export const analyticsJobs: readonly Job[] = [{ name: 'refresh-views', everySeconds: 300, slow: true }]
