import type { Audit } from '../audit/record.ts'
import type { Sql } from '../db/types.ts'
import type { ConsentConfig } from './variables.ts'

/** What the services of consents use. */
export type ConsentDeps = { sql: Sql; audit: Audit; config: ConsentConfig }
