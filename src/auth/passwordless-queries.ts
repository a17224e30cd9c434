import type { Origin } from '../audit/actor.ts'
import type { Db } from '../db/types.ts'

/** Sets `last_login_at`, which locks the account's row, and stores a succeeded attempt. False: the account is not active. */
export async function insertSignIn(sql: Db, accountId: string, { ip }: Origin): Promise<boolean> {
  const rows = await sql`
    with active as (
      update user_accounts set last_login_at = clock_timestamp() where id = ${accountId} and status = 'active' returning id)
    insert into login_attempts (id, account_id, outcome, ip_address)
    select ${Bun.randomUUIDv7()}::uuid, id, 'succeeded', ${ip}::text from active returning 1`
  return rows.length === 1
}

/** Stores a failed attempt; nothing for an account that is being erased. */
export async function insertFailedSignIn(sql: Db, accountId: string, { ip }: Origin): Promise<void> {
  await sql`
    insert into login_attempts (id, account_id, outcome, ip_address)
    select ${Bun.randomUUIDv7()}::uuid, id, 'failed', ${ip}::text from user_accounts where id = ${accountId} and status <> 'deleted' for key share`
}

/** 1 where the account has a password, else 0. */
export async function countPasswords(sql: Db, accountId: string): Promise<number> {
  const rows = await sql`select 1 from user_accounts where id = ${accountId} and password_hash is not null`
  return rows.length
}
