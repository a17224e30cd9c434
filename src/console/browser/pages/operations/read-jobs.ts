import type { Job } from '@manas360/client'
import { askPatiently } from '../../calls/ask.ts'
import { client } from '../../calls/client.ts'

/** There are a dozen; the service gives so many at once. */
const limit = '100'

export const readJobs = async (): Promise<Job[]> =>
  (await askPatiently(() => client.v1.admin.jobs.$get({ query: { limit } }))).items
