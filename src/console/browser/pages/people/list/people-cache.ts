import type { User } from '@manas360/client'
import { createListCache } from '../../../calls/list-cache.ts'

/** The list of people, cached while the page of a person is open. */
export const peopleCache = createListCache<User>()
