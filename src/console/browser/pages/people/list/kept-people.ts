import type { User } from '@manas360/client'
import { createKeptList } from '../../../calls/kept-list.ts'

/** The list of people, while one of them is looked at. */
export const keptPeople = createKeptList<User>()
