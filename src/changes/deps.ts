import type { Db } from '../db/types.ts'

/** Dependencies of reading the published changes. */
export type ChangesDeps = { sql: Db }
