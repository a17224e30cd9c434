import type { Db } from '../db/types.ts'

/** Expired rows that each insert deletes, so that the tables stay small. */
const swept = 10

/**
 * Marks a state as used.
 * @param expiresAt in epoch seconds
 * @returns false where it was used before, or has expired by the database's clock
 */
export async function consumeState(sql: Db, id: string, expiresAt: number): Promise<boolean> {
  const rows = await sql`
    with gone as (
      delete from oidc_spent_states where id in (
        select id from oidc_spent_states where expires_at <= clock_timestamp() order by expires_at limit ${swept} for update skip locked))
    insert into oidc_spent_states (id, expires_at)
    select ${id}::uuid, to_timestamp(${expiresAt}) where to_timestamp(${expiresAt}) > clock_timestamp()
    on conflict do nothing returning 1`
  return rows.length === 1
}

type NewCode = {
  id: string
  hash: Buffer
  /** The account that adds an identity; null for a sign-in. */
  accountId: string | null
  provider: string
  issuer: string
  subject: string
  codeChallenge: string
  /** Encrypted. */
  profile: Buffer
  ttlSeconds: number
}

/** Stores a code. @returns false where the account that adds an identity is no longer active */
export async function insertCode(sql: Db, code: NewCode): Promise<boolean> {
  const { id, hash, accountId, provider, issuer, subject, codeChallenge, profile, ttlSeconds } = code
  const rows = await sql`
    with gone as (
      delete from oidc_codes where id in (
        select id from oidc_codes where expires_at <= clock_timestamp() order by expires_at limit ${swept} for update skip locked)),
    owner as materialized (
      select id from user_accounts where id = ${accountId}::uuid and status = 'active' for key share)
    insert into oidc_codes (id, code_hash, account_id, provider, issuer, subject, code_challenge, profile, expires_at)
    select ${id}::uuid, ${hash}::bytea, ${accountId}::uuid, ${provider}, ${issuer}, ${subject}, ${codeChallenge}, ${profile}::bytea,
           clock_timestamp() + make_interval(secs => ${ttlSeconds})
     where ${accountId}::uuid is null or exists (select from owner)
    returning 1`
  return rows.length === 1
}

type StoredCode = Omit<NewCode, 'hash' | 'ttlSeconds'>

/** Reads a code without using it up; `deleteCode` decides whether it is still valid. */
export async function findCode(sql: Db, hash: Buffer): Promise<StoredCode | null> {
  const [row] = await sql<StoredCode[]>`
    select id, account_id, provider, issuer, subject, code_challenge, profile
      from oidc_codes where code_hash = ${hash}`
  return row ?? null
}

/** Uses a code up. @returns true for exactly one of concurrent uses; false where it was used or has expired */
export async function deleteCode(sql: Db, id: string): Promise<boolean> {
  const rows = await sql`delete from oidc_codes where id = ${id} and expires_at > clock_timestamp() returning 1`
  return rows.length === 1
}
