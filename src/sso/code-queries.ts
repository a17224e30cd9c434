import type { Db } from '../db/types.ts'

/** Rows of earlier codes and states that each new one takes away, so that the tables hold no more than lives. */
const swept = 10

/**
 * Uses a state up.
 * @param expiresAt epoch second
 * @returns false where it was used before, or is expired by the database's clock
 */
export async function spendState(sql: Db, id: string, expiresAt: number): Promise<boolean> {
  const rows = await sql`
    with gone as (
      delete from oidc_spent_states where id in (
        select id from oidc_spent_states where expires_at <= clock_timestamp() order by expires_at limit ${swept} for update skip locked))
    insert into oidc_spent_states (id, expires_at)
    select ${id}::uuid, to_timestamp(${expiresAt}) where to_timestamp(${expiresAt}) > clock_timestamp()
    on conflict do nothing returning 1`
  return rows.length === 1
}

export type NewCode = {
  id: string
  hash: Buffer
  /** Who adds an identity; null: somebody signs in. */
  accountId: string | null
  provider: string
  issuer: string
  subject: string
  codeChallenge: string
  /** Encrypted. */
  profile: Buffer
  ttlSeconds: number
}

/** @returns false where the account that began is no longer active */
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

export type StoredCode = Omit<NewCode, 'hash' | 'ttlSeconds'>

/** A code, without using it: whether it is still good is judged where it is used up. */
export async function findCode(sql: Db, hash: Buffer): Promise<StoredCode | null> {
  const [row] = await sql<StoredCode[]>`
    select id, account_id, provider, issuer, subject, code_challenge, profile
      from oidc_codes where code_hash = ${hash}`
  return row ?? null
}

/** Uses a code up: of parallel uses one gets true. */
export async function deleteCode(sql: Db, id: string): Promise<boolean> {
  const rows = await sql`delete from oidc_codes where id = ${id} and expires_at > clock_timestamp() returning 1`
  return rows.length === 1
}
