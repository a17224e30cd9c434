import type { Audit } from '../audit/record.ts'
import type { Sql } from '../db/types.ts'
import type { ConsentConfig } from './variables.ts'

/** Dependencies of the services of consents. */
export type ConsentDeps = { sql: Sql; audit: Audit; config: ConsentConfig }
