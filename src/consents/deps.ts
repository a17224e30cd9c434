import type { Audit } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import type { Sql } from '../db/types.ts'

/** What the services of consents use. */
export type ConsentDeps = { sql: Sql; audit: Audit; config: Pick<Config, 'consentDocuments'> }
