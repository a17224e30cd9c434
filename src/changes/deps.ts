import type { Db } from '../db/types.ts'

/** What reading the published changes uses. */
export type ChangesDeps = { sql: Db }
