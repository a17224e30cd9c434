import type { Db } from '../db/types.ts'

/** A passkey as its owner sees it. */
export type PasskeyItem = {
  id: string
  name: string
  createdAt: Date
  lastUsedAt: Date | null
  /** Whether it was backed up or synchronised when it was last used (the BS flag). */
  backedUp: boolean
}

const itemColumns = (sql: Db) => sql`id, name, created_at, last_used_at, backed_up`

/** Passkeys of an account, newest first: at most `limit`, older than the passkey `before`. */
export async function listPasskeys(
  sql: Db,
  accountId: string,
  limit: number,
  before: string | null,
): Promise<PasskeyItem[]> {
  return sql<PasskeyItem[]>`
    select ${itemColumns(sql)} from passkeys where account_id = ${accountId} and (${before}::uuid is null or id < ${before}::uuid)
     order by id desc limit ${limit}`
}

/** The number of passkeys of an account. Locks nothing. */
export async function countPasskeys(sql: Db, accountId: string): Promise<number> {
  const [row] = await sql<{ total: number }[]>`
    select count(*)::int as total from passkeys where account_id = ${accountId}`
  return row?.total ?? 0
}

/** A passkey as the options of WebAuthn name it (PublicKeyCredentialDescriptor). */
export type Descriptor = { credentialId: Buffer; transports: string[] }

/** The ids and transports of the passkeys of an account (WebAuthn PublicKeyCredentialDescriptor). */
export async function listDescriptors(sql: Db, accountId: string): Promise<Descriptor[]> {
  return sql<Descriptor[]>`
    select credential_id, transports from passkeys where account_id = ${accountId} order by id`
}

/** The account as an authenticator shows it, with the passkeys that it already has. */
export type Owner = {
  email: string
  firstName: string | null
  lastName: string | null
  secondFactors: string[]
  credentials: Descriptor[]
}

/** The active account that registers a passkey; null where there is none. Locks nothing. */
export async function findOwner(sql: Db, accountId: string): Promise<Owner | null> {
  const [row] = await sql<(Omit<Owner, 'credentials'> & { ids: Buffer[]; transports: string[] })[]>`
    select a.email, a.first_name, a.last_name, a.second_factors,
           array(select credential_id from passkeys where account_id = a.id order by id) as ids,
           array(select array_to_string(transports, ' ') from passkeys where account_id = a.id order by id) as transports
      from user_accounts a where a.id = ${accountId} and a.status = 'active'`
  if (!row) return null
  const { ids, transports, ...owner } = row
  const credentials = ids.map((credentialId, i) => ({
    credentialId,
    transports: transports[i]?.split(' ').filter(Boolean) ?? [],
  }))
  return { ...owner, credentials }
}

/** A new passkey, inserted while its owner's row is locked. */
export type NewPasskey = {
  id: string
  accountId: string
  credentialId: Uint8Array
  publicKey: Uint8Array
  signCount: number
  backupEligible: boolean
  backedUp: boolean
  transports: string[]
  name: string
}

/** Inserts a passkey. The unique constraint refuses a registered credential id. @returns its creation time */
export async function insertPasskey(sql: Db, row: NewPasskey): Promise<Date> {
  const [inserted] = await sql<{ createdAt: Date }[]>`
    insert into passkeys (id, account_id, credential_id, public_key, sign_count, backup_eligible, backed_up, transports, name)
    values (${row.id}, ${row.accountId}, ${Buffer.from(row.credentialId)}, ${Buffer.from(row.publicKey)}, ${row.signCount},
            ${row.backupEligible}, ${row.backedUp}, ${row.transports}::text[], ${row.name})
    returning created_at`
  if (!inserted) throw new Error('an insert returns its row')
  return inserted.createdAt
}

/** A passkey with the state of its account. */
export type StoredPasskey = {
  id: string
  accountId: string
  publicKey: Buffer
  signCount: number
  backupEligible: boolean
  /** Of the account. */
  isActive: boolean
  emailVerified: boolean
  passwordVersion: number
}

/** The passkey of a credential id, with the state of its account; null where there is none. Locks nothing. */
export async function findPasskey(sql: Db, credentialId: Buffer): Promise<StoredPasskey | null> {
  const [row] = await sql<StoredPasskey[]>`${storedPasskeyQuery(sql, credentialId)}`
  return row ?? null
}

/** SQL: the passkey of a credential id, also for use within another statement; its columns are those of StoredPasskey, in order. */
export function storedPasskeyQuery(sql: Db, credentialId: Buffer) {
  return sql`
    select p.id, p.account_id, p.public_key, p.sign_count::float8 as sign_count, p.backup_eligible,
           a.status = 'active' as is_active, a.email_verified_at is not null as email_verified, a.password_version
      from passkeys p join user_accounts a on a.id = p.account_id where p.credential_id = ${credentialId}`
}

/** Marks a challenge as used. @param expiresAt epoch milliseconds @returns false: it was used, or has expired by the database's clock */
export async function insertUsedChallenge(sql: Db, challenge: Buffer, expiresAt: number): Promise<boolean> {
  const rows = await useChallenge(sql, { challenge, expiresAt })
  return rows.length === 1
}

/** The values to store of a verified response. */
export type Use = {
  passkeyId: string
  accountId: string
  challenge: Buffer
  /** Epoch milliseconds. */
  expiresAt: number
  signCount: number
  backedUp: boolean
}

/**
 * Uses the challenge up and stores the signature counter, which must increase unless there is none (WebAuthn Level 3,
 * 7.2 step 22). The caller has locked the owner's row. @returns whether both succeeded
 */
export async function updateUsed(sql: Db, use: Use): Promise<boolean> {
  const rows = await sql`with ${usedCtes(sql, use)} select 1 from used_passkey`
  return rows.length === 1
}

/** updateUsed as CTEs, where `condition` holds: `used_passkey` has a row where both succeeded. */
export function usedCtes(sql: Db, use: Use, condition = sql`true`) {
  const { passkeyId, accountId, signCount, backedUp } = use
  return sql`
    used_challenge as (${useChallenge(sql, use, condition)}),
    used_passkey as (
      update passkeys set sign_count = ${signCount}, backed_up = ${backedUp}, last_used_at = clock_timestamp()
       where id = ${passkeyId} and account_id = ${accountId} and exists (select from used_challenge)
         and (sign_count < ${signCount}::bigint or (sign_count = 0 and ${signCount}::bigint = 0))
      returning 1)`
}

/** Of concurrent uses exactly one inserts the row, and none once the challenge has expired by the database's clock. */
function useChallenge(sql: Db, { challenge, expiresAt }: Pick<Use, 'challenge' | 'expiresAt'>, condition = sql`true`) {
  return sql`
    insert into used_challenges (challenge, expires_at)
    select ${challenge}::bytea, good.until from (select to_timestamp(${expiresAt / 1000}::float8) as until) good
     where good.until > clock_timestamp() and ${condition}
    on conflict do nothing returning 1`
}

/** Renames a passkey of an account. @returns null where the account has no such passkey */
export async function updateName(
  sql: Db,
  accountId: string,
  id: string,
  name: string | null,
): Promise<PasskeyItem | null> {
  const [row] = await sql<PasskeyItem[]>`
    update passkeys set name = coalesce(${name}, name) where id = ${id} and account_id = ${accountId}
    returning ${itemColumns(sql)}`
  return row ?? null
}

/** Deletes a passkey of an account. @returns whether there was one */
export async function deletePasskey(sql: Db, accountId: string, id: string): Promise<boolean> {
  const rows = await sql`delete from passkeys where id = ${id} and account_id = ${accountId} returning 1`
  return rows.length === 1
}

/** Deletes the passkeys of an account, or those added since a moment. @returns how many there were */
export async function deletePasskeys(sql: Db, accountId: string, addedSince: Date | null): Promise<number> {
  const rows = await sql`
    delete from passkeys where account_id = ${accountId} and (${addedSince}::timestamptz is null or created_at >= ${addedSince}::timestamptz)
    returning 1`
  return rows.length
}

/** Sets or removes `passkey` in the account's `second_factors`, which log-in reads. */
export async function updateSecondFactors(sql: Db, accountId: string): Promise<void> {
  await sql`
    update user_accounts a
       set second_factors = array_remove(second_factors, 'passkey')
           || case when exists (select from passkeys p where p.account_id = a.id) then array['passkey'] else '{}'::text[] end
     where a.id = ${accountId}`
}
