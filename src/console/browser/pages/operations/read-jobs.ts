import type { Job } from '@manas360/client'
import { readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'

/** The largest page of the service; there are about a dozen jobs. */
const limit = '100'

/** All jobs. */
export const readJobs = async (): Promise<Job[]> =>
  (await readApi(() => client.v1.admin.jobs.$get({ query: { limit } }))).items
