import { z } from 'zod'
import { type ConfigOf, configuration } from '../config/room.ts'

export type JobsConfig = ConfigOf<typeof jobsConfiguration>

export const jobsConfiguration = configuration({
  variables: { JOBS: z.enum(['inline', 'pg_cron', 'off']).default('inline') },
  config: (e) => ({ jobs: e.JOBS }),
})
