import type { Db } from '../db/types.ts'

/** Hours within which a new secret can be confirmed. */
const enrolmentHours = 1
/** Attempts to confirm a new secret. */
export const attemptsPerEnrolment = 5

type StoredTotp = { id: string; secret: Buffer; lastStep: number }

/**
 * Inserts a new secret, or replaces an unconfirmed one.
 * @returns false where a confirmed one exists, which stays as it is
 */
export async function insertEnrolment(
  sql: Db,
  row: { id: string; accountId: string; secret: Buffer },
): Promise<boolean> {
  const rows = await sql`
    insert into totp_factors as t (id, account_id, secret) values (${row.id}, ${row.accountId}, ${row.secret})
    on conflict (account_id) do update
      set id = excluded.id, secret = excluded.secret, created_at = excluded.created_at, tries = 0, last_step = 0
      where t.confirmed_at is null
    returning 1`
  return rows.length === 1
}

/** SQL: whether the enrolment `t` of totp_factors can still be confirmed. */
export const waits = (sql: Db) =>
  sql`t.confirmed_at is null and t.created_at > clock_timestamp() - make_interval(hours => ${enrolmentHours})`

/** An enrolment that can still be confirmed; null where there is none. Locks nothing. */
export async function findEnrolment(sql: Db, accountId: string, id: string): Promise<StoredTotp | null> {
  const [row] = await sql<StoredTotp[]>`
    select id, secret, last_step::float8 as last_step from totp_factors t
     where account_id = ${accountId} and id = ${id} and ${waits(sql)}`
  return row ?? null
}

/** Confirms an enrolment by the time step of its code. @returns whether it could still be confirmed */
export async function confirmEnrolment(sql: Db, id: string, step: number): Promise<boolean> {
  const rows = await sql`
    update totp_factors t set confirmed_at = clock_timestamp(), last_step = ${step}
     where id = ${id} and ${waits(sql)} returning 1`
  return rows.length === 1
}

/**
 * Removes an account's authenticator app.
 * @param addedSince one from before this moment stays, confirmed or not; null: none stays
 * @returns how many confirmed ones were removed
 */
export async function deleteTotp(sql: Db, accountId: string, addedSince: Date | null): Promise<number> {
  const rows = await sql<{ confirmed: boolean }[]>`
    delete from totp_factors
     where account_id = ${accountId} and (${addedSince}::timestamptz is null or coalesce(confirmed_at, created_at) >= ${addedSince}::timestamptz)
    returning confirmed_at is not null as confirmed`
  return rows.filter(({ confirmed }) => confirmed).length
}

/**
 * Uses a code's time step up: no code of this step or an earlier one is accepted again (RFC 6238 5.2).
 * @returns false where it was used before
 */
export async function consumeStep(sql: Db, id: string, step: number): Promise<boolean> {
  const rows = await sql`
    update totp_factors set last_step = ${step} where id = ${id} and confirmed_at is not null and last_step < ${step} returning 1`
  return rows.length === 1
}

/** Replaces all recovery codes of an account. */
export async function replaceRecoveryCodes(sql: Db, accountId: string, hashes: readonly Buffer[]): Promise<void> {
  await sql`delete from recovery_codes where account_id = ${accountId}`
  // In hexadecimal: the driver does not accept an array of Buffers as bytea[].
  await sql`
    insert into recovery_codes (account_id, code_hash)
    select ${accountId}::uuid, decode(hash, 'hex') from unnest(${hashes.map((hash) => hash.toString('hex'))}::text[]) as hash`
}

/** @param addedSince only those made since; null: all @returns how many unused ones were deleted */
export async function deleteRecoveryCodes(sql: Db, accountId: string, addedSince: Date | null): Promise<number> {
  const rows = await sql<{ unused: boolean }[]>`
    delete from recovery_codes
     where account_id = ${accountId} and (${addedSince}::timestamptz is null or created_at >= ${addedSince}::timestamptz)
    returning used_at is null as unused`
  return rows.filter(({ unused }) => unused).length
}

/** SQL: whether an account has a second factor. Recovery codes replace a lost factor, and are not accepted without one. */
const hasFactor = (sql: Db, accountId: string) =>
  sql`exists (select from user_accounts a where a.id = ${accountId} and a.second_factors <> '{}')`

/** Uses a recovery code up. @returns how many are left; null: it is wrong, was used, or the account has no second factor */
export async function takeRecoveryCode(sql: Db, accountId: string, hash: Buffer): Promise<number | null> {
  const [row] = await sql<{ codesLeft: number }[]>`
    with taken as (
      update recovery_codes set used_at = clock_timestamp()
       where account_id = ${accountId} and code_hash = ${hash} and used_at is null and ${hasFactor(sql, accountId)} returning 1)
    select (select count(*)::int from recovery_codes where account_id = ${accountId} and used_at is null) - 1 as codes_left from taken`
  return row?.codesLeft ?? null
}

/** Sets `totp` in the account's `second_factors`, which log-in reads. @returns whether the account has any second factor now */
export async function updateTotpFlag(sql: Db, accountId: string, hasTotp: boolean): Promise<boolean> {
  const [row] = await sql<{ any: boolean }[]>`
    update user_accounts set second_factors = array_remove(second_factors, 'totp') || ${hasTotp ? ['totp'] : []}::text[]
     where id = ${accountId} returning second_factors <> '{}' as any`
  return row?.any ?? false
}

/** Voids every sign-in of an account that waits for its second factor. */
export async function deleteChallenges(sql: Db, accountId: string): Promise<void> {
  await sql`delete from mfa_challenges where account_id = ${accountId}`
}

type Factors = { totpSince: Date | null; recoveryCodesLeft: number }

/** An account's authenticator app and its unused recovery codes. */
export async function findFactors(sql: Db, accountId: string): Promise<Factors> {
  const [row] = await sql<Factors[]>`
    select (select confirmed_at from totp_factors where account_id = ${accountId}) as totp_since,
           (select count(*)::int from recovery_codes
             where account_id = ${accountId} and used_at is null and ${hasFactor(sql, accountId)}) as recovery_codes_left`
  if (!row) throw new Error('a select without from is one row')
  return row
}

/** The account's e-mail address, which authenticator apps show. The caller has locked the account's row. */
export async function findAddress(sql: Db, accountId: string): Promise<string> {
  const [row] = await sql<{ email: string }[]>`select email from user_accounts where id = ${accountId}`
  if (!row) throw new Error('the row is locked')
  return row.email
}
