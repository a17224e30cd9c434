import type { User } from '@manas360/client'
import { createKeptList } from '../../../calls/kept-list.ts'

/** The list of people, cached while the page of a person is open. */
export const keptPeople = createKeptList<User>()
