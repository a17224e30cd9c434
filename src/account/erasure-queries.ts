import type { Db } from '../db/types.ts'

/** Makes the account's row anonymous; the e-mail address can be registered again. */
export async function anonymiseAccount(sql: Db, accountId: string): Promise<void> {
  await sql`
    update user_accounts set status = 'deleted', deleted_at = clock_timestamp(), email = null, email_verified_at = null, password_hash = null,
           first_name = null, last_name = null, phone_number = null, language = 'en', timezone = 'UTC', locked_reason = null, last_login_at = null, last_used_at = null, consents = '{}', second_factors = '{}',
           password_version = password_version + 1, role = 'user', plan = 'free', plan_ends_at = null
     where id = ${accountId}`
}

/** Deletes a person's rows of a table, by the column that holds the account's id. */
export async function deleteRowsOf(sql: Db, table: string, account: string, accountId: string): Promise<void> {
  await sql`delete from ${sql(table)} where ${sql(account)} = ${accountId}`
}

/**
 * Deletes this person's personal data in the audit trail: changes of their data, whoever made them, and the origin of what
 * they did to themselves. What they did to others keeps its origin. The audit rows stay and still verify: they contain only
 * salted hashes of what is deleted.
 */
export async function eraseAuditTraces(sql: Db, accountId: string): Promise<void> {
  await sql`select erase_traces(array[${accountId}::uuid])`
}

/** Deletes the lockout counters of these keys. */
export async function deleteCounters(sql: Db, keys: Buffer[]): Promise<void> {
  await sql`delete from lockouts where key in ${sql(keys)}`
}

/** The language of mails to the person. */
export async function findLanguage(sql: Db, accountId: string): Promise<string> {
  const [row] = await sql<{ language: string }[]>`select language from user_accounts where id = ${accountId}`
  return row?.language ?? 'en'
}

/** The erasure of an account, as recorded in the audit trail. */
export type PastErasure = { accountId: string; at: Date }

/** The erasures since a moment, oldest first; including those that were moved to the archive. */
export function selectErasures(sql: Db, since: Date): Promise<PastErasure[]> {
  return sql<PastErasure[]>`
    select entity_id as account_id, at
      from (select id, at, action, entity_type, entity_id from audit_logs
            union all select id, at, action, entity_type, entity_id from audit_archive) l
     where action = 'account.erase' and entity_type = 'account' and at >= ${since} order by id`
}

/** The ids whose account exists and is not erased. */
export async function selectUnerased(sql: Db, ids: string[]): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from user_accounts where id = any(${ids}::uuid[]) and status <> 'deleted' order by id`
  return rows.map(({ id }) => id)
}
