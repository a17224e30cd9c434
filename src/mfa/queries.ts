import type { Db } from '../db/types.ts'

/** Hours for which a new secret waits to be confirmed. */
const enrolmentHours = 1
/** Codes that may be tried to confirm one. */
export const triesPerEnrolment = 5

export type StoredTotp = { id: string; secret: Buffer; lastStep: number }

/**
 * Puts a new secret in the place of one that was not confirmed.
 * @returns whether there was room: a confirmed one stays as it is
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

/** The condition of an enrolment that can be confirmed yet, of a row `t` of totp_factors. */
export const waits = (sql: Db) =>
  sql`t.confirmed_at is null and t.created_at > clock_timestamp() - make_interval(hours => ${enrolmentHours})`

export async function findEnrolment(sql: Db, accountId: string, id: string): Promise<StoredTotp | null> {
  const [row] = await sql<StoredTotp[]>`
    select id, secret, last_step::float8 as last_step from totp_factors t
     where account_id = ${accountId} and id = ${id} and ${waits(sql)}`
  return row ?? null
}

/** @returns whether it waited to be confirmed */
export async function confirmEnrolment(sql: Db, id: string, step: number): Promise<boolean> {
  const rows = await sql`
    update totp_factors t set confirmed_at = clock_timestamp(), last_step = ${step}
     where id = ${id} and ${waits(sql)} returning 1`
  return rows.length === 1
}

/**
 * Removes an account's authenticator app. @param addedSince null: whenever it was added; else one from before stays, confirmed or not
 * @returns how many there were that were confirmed
 */
export async function deleteTotp(sql: Db, accountId: string, addedSince: Date | null): Promise<number> {
  const rows = await sql<{ confirmed: boolean }[]>`
    delete from totp_factors
     where account_id = ${accountId} and (${addedSince}::timestamptz is null or coalesce(confirmed_at, created_at) >= ${addedSince}::timestamptz)
    returning confirmed_at is not null as confirmed`
  return rows.filter(({ confirmed }) => confirmed).length
}

/** Takes a code's time step, so that no code of it or of one before is accepted again. @returns whether it was free */
export async function takeStep(sql: Db, id: string, step: number): Promise<boolean> {
  const rows = await sql`
    update totp_factors set last_step = ${step} where id = ${id} and confirmed_at is not null and last_step < ${step} returning 1`
  return rows.length === 1
}

/** Puts new codes in the place of all that there are. */
export async function replaceRecoveryCodes(sql: Db, accountId: string, hashes: readonly Buffer[]): Promise<void> {
  await sql`delete from recovery_codes where account_id = ${accountId}`
  // As digits: the driver takes an array of Buffers for one of them.
  await sql`
    insert into recovery_codes (account_id, code_hash)
    select ${accountId}::uuid, decode(hash, 'hex') from unnest(${hashes.map((hash) => hash.toString('hex'))}::text[]) as hash`
}

/** @param addedSince null: all @returns how many were good yet */
export async function deleteRecoveryCodes(sql: Db, accountId: string, addedSince: Date | null): Promise<number> {
  const rows = await sql<{ unused: boolean }[]>`
    delete from recovery_codes
     where account_id = ${accountId} and (${addedSince}::timestamptz is null or created_at >= ${addedSince}::timestamptz)
    returning used_at is null as unused`
  return rows.filter(({ unused }) => unused).length
}

/** Whether an account has a second factor: recovery codes stand in for one, and are worth nothing without. */
const hasFactor = (sql: Db, accountId: string) =>
  sql`exists (select from user_accounts a where a.id = ${accountId} and a.second_factors <> '{}')`

/** Uses a code up. @returns how many are left; null: it is none of the account's, was used, or the account has no second factor */
export async function takeRecoveryCode(sql: Db, accountId: string, hash: Buffer): Promise<number | null> {
  const [row] = await sql<{ codesLeft: number }[]>`
    with taken as (
      update recovery_codes set used_at = clock_timestamp()
       where account_id = ${accountId} and code_hash = ${hash} and used_at is null and ${hasFactor(sql, accountId)} returning 1)
    select (select count(*)::int from recovery_codes where account_id = ${accountId} and used_at is null) - 1 as codes_left from taken`
  return row?.codesLeft ?? null
}

/** Says in the account's own row whether it has an authenticator app, as log-in reads it there. @returns whether any factor is left */
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

export type Factors = { totpSince: Date | null; recoveryCodesLeft: number }

/** What an account has of this room's. */
export async function findFactors(sql: Db, accountId: string): Promise<Factors> {
  const [row] = await sql<Factors[]>`
    select (select confirmed_at from totp_factors where account_id = ${accountId}) as totp_since,
           (select count(*)::int from recovery_codes
             where account_id = ${accountId} and used_at is null and ${hasFactor(sql, accountId)}) as recovery_codes_left`
  if (!row) throw new Error('a select without from is one row')
  return row
}

/** What an authenticator app calls the account. */
export async function findAddress(sql: Db, accountId: string): Promise<string> {
  const [row] = await sql<{ email: string }[]>`select email from user_accounts where id = ${accountId}`
  if (!row) throw new Error('the row is locked')
  return row.email
}
