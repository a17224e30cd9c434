import type { Db } from '../db.ts'

/** Makes the account row anonymous: the e-mail address is free again. */
export async function anonymiseAccount(sql: Db, accountId: string): Promise<void> {
  await sql`
    update user_accounts set status = 'deleted', deleted_at = clock_timestamp(), email = null, email_verified_at = null, password_hash = null,
           first_name = null, last_name = null, phone_number = null, language = 'en', timezone = 'UTC', locked_reason = null, last_login_at = null,
           password_version = password_version + 1, role = 'user', plan = 'free', plan_ends_at = null
     where id = ${accountId}`
}

/** Deletes everything that tells of a person and stands elsewhere. */
export async function deleteOwnRows(sql: Db, accountId: string): Promise<void> {
  await sql`delete from sessions where account_id = ${accountId}`
  await sql`delete from api_keys where account_id = ${accountId}`
  await sql`delete from login_attempts where account_id = ${accountId}`
  await sql`delete from account_features where account_id = ${accountId}`
  await sql`delete from user_subscriptions where account_id = ${accountId}`
  await sql`delete from trials where account_id = ${accountId}`
  await sql`delete from usage_daily where account_id = ${accountId}`
  await sql`delete from quota_usage where account_id = ${accountId}`
  await sql`delete from idempotency_keys where account_id = ${accountId}`
}

/**
 * Deletes the personal side of the audit trail: what tells of this person, and where this person acted from. The rows
 * themselves stay, and still verify, for they cover only a salted hash of what goes.
 */
export async function eraseAuditTraces(sql: Db, accountId: string): Promise<void> {
  await sql`
    delete from audit_personal where audit_id in (
      select audit_id from audit_personal where account_id = ${accountId}
       union select id from audit_logs where actor_id = ${accountId}
       union select id from audit_logs where entity_type = 'account' and entity_id = ${accountId}::text)`
}

/** Counters kept under the person's own keys. */
export async function deleteCounters(sql: Db, keys: Buffer[]): Promise<void> {
  await sql`delete from lockouts where key in ${sql(keys)}`
}
