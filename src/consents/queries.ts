import { type AuditRow, auditCtes } from '../audit/record.ts'
import type { Db } from '../db/types.ts'
import { agreedCtes, toAgreements } from './agreed-ctes.ts'
import type { Agreed, NewConsent } from './schemas.ts'

/** A row of the ledger of consents. */
export type Consent = NewConsent & { id: string; at: Date }

/** Adds agreements to an account's ledger, in the caller's transaction. */
export async function insertAgreed(sql: Db, accountId: string, agreed: readonly Agreed[]): Promise<void> {
  await sql`
    with account as (
      update user_accounts set consents = consents || ${JSON.stringify(toAgreements(agreed))}::text::jsonb where id = ${accountId} returning id),
    ${agreedCtes(sql, agreed)}
    done as (select 1)
    select 1`
}

/**
 * Adds a row to the ledger of an active account, with its audit row, in one statement.
 * @param isCurrent whether the version is in force; any other can only be withdrawn, after an agreement to it
 * @returns null where nothing was written
 */
export async function insertConsent(
  sql: Db,
  accountId: string,
  { document, version, granted }: NewConsent,
  { isCurrent, audit }: { isCurrent: boolean; audit: AuditRow },
): Promise<Consent | null> {
  const [row] = await sql<Consent[]>`
    with account as (
      update user_accounts set consents = case when ${granted} then consents || jsonb_build_object(${document}::text, ${version}::text) else consents - ${document}::text end
       where id = ${accountId} and status = 'active'
         and (${isCurrent} or (not ${granted} and consents ->> ${document}::text = ${version}))
      returning id),
    consent as (
      insert into consents (account_id, document, version, granted) select id, ${document}, ${version}, ${granted} from account
      returning id, document, version, granted, at),
    ${auditCtes(sql, audit, sql`exists (select from account)`)}
    select id, document, version, granted, at from consent`
  return row ?? null
}

/** An account's ledger, newest first. */
export async function listConsents(
  sql: Db,
  accountId: string,
  limit: number,
  before: string | null,
): Promise<Consent[]> {
  return sql<Consent[]>`
    select id, document, version, granted, at from consents
     where account_id = ${accountId} and (${before}::uuid is null or id < ${before}::uuid) order by id desc limit ${limit}`
}
