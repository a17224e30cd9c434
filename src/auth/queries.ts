import type { AccountStatus } from '../access/rights.ts'
import type { Origin } from '../audit/actor.ts'
import type { AuditRow } from '../audit/record.ts'
import type { Db, Fragment } from '../db/types.ts'
import type { SecondFactorKind } from './first-factor.ts'
import { failCtes, reserveCte } from './lockout.ts'
import type { Reservation } from './reservation.ts'

export type Credentials = {
  id: string
  /** Null: the account has no password, and none is accepted. */
  passwordHash: string | null
  passwordVersion: number
  status: AccountStatus
  emailVerified: boolean
  secondFactors: readonly SecondFactorKind[]
}
type KnownDevice = { key: Buffer; accountId: string; passwordVersion: number } | null
type Reserved = { admitted: boolean; lockedForSeconds: number | null; isDevice: boolean } & {
  [K in keyof Credentials]: Credentials[K] | null
}

/**
 * Reserves an attempt and reads the account's credentials. A known device has its own counter until that is locked;
 * everybody else is counted by e-mail address.
 */
export async function reserveLogin(
  sql: Db,
  email: string,
  emailKey: Buffer,
  device: KnownDevice,
  attemptId: string,
): Promise<Reserved> {
  const [row] = await sql<Reserved[]>`
    with account as (
      select id, password_hash, password_version, status, email_verified_at is not null as email_verified, second_factors from user_accounts where email = ${email}),
    device as (
      select ${device?.key ?? null}::bytea as key from account
       where id = ${device?.accountId ?? null}::uuid and password_version = ${device?.passwordVersion ?? null}::int
         and not exists (select 1 from lockouts where key = ${device?.key ?? null}::bytea and locked_until > clock_timestamp())),
    chosen as (select coalesce((select key from device), ${emailKey}::bytea) as key),
    ${reserveCte(sql, attemptId)}
    select admitted, locked_for_seconds, exists (select 1 from device) as is_device,
           account.id, password_hash, password_version, status, email_verified, second_factors
      from reserved left join account on true`
  if (!row) throw new Error('a reservation returns its row')
  return row
}

/** Seconds until the counter's lockout ends; null while there is none. */
export async function findLockoutSeconds(sql: Db, key: Buffer): Promise<number | null> {
  const [row] = await sql<{ seconds: number }[]>`
    select lockout_seconds(locked_until) as seconds
      from lockouts where key = ${key} and locked_until > clock_timestamp()`
  return row?.seconds ?? null
}

/**
 * Guarded update of a log-in: waits for a concurrent change of password, status or second factors.
 * @returns whether the credentials that were verified are still those of the account
 */
export async function updateLastLogin(sql: Db, account: Credentials, newHash: string | null): Promise<boolean> {
  const rows = await sql`
    update user_accounts set last_login_at = clock_timestamp(), password_hash = coalesce(${newHash}, password_hash)
     where id = ${account.id} and password_version = ${account.passwordVersion} and status = 'active'
       and second_factors = ${account.secondFactors}::text[]
    returning 1`
  return rows.length === 1
}

/** Replaces the hash of a verified password by one of the current cost, when a second factor is asked for next. */
export async function updateHash(sql: Db, account: Credentials, newHash: string): Promise<void> {
  await sql`
    update user_accounts set password_hash = ${newHash}
     where id = ${account.id} and password_version = ${account.passwordVersion} and status = 'active'`
}

type OwnCredentials = Credentials & { email: string; firstName: string | null; lastName: string | null }

/** An active account's credentials by id, with the address and names that a new password must not be made of. */
export async function findCredentials(sql: Db, accountId: string): Promise<OwnCredentials | null> {
  const [row] = await sql<OwnCredentials[]>`
    select id, email, first_name, last_name, password_hash, password_version, status, email_verified_at is not null as email_verified, second_factors
      from user_accounts where id = ${accountId} and status = 'active'`
  return row ?? null
}

type FailedAttempt = {
  reservation: Reservation
  /** Null where no account has the address. */
  accountId: string | null
  origin: Origin
  /** The audit row, written if this failure starts a lockout. */
  audit: AuditRow
  /** The CTE that then queues the mail about it. */
  notice: Fragment | null
}

/**
 * Counts a failure, stores it as a failed attempt, and audits the lockout that it may start. Waits for a concurrent erasure of the
 * account before it locks the counter, the order in which the erasure locks them, and then counts and stores nothing.
 */
export async function insertFailedAttempt(
  sql: Db,
  { reservation, accountId, origin, audit, notice }: FailedAttempt,
): Promise<{ started: boolean; failuresInARow: number }> {
  // Or an address without an account.
  const isKnown = sql`(${accountId}::uuid is null or exists (select from known))`
  const [row] = await sql<{ started: boolean; failuresInARow: number }[]>`
    with known as materialized (
      select id from user_accounts where id = ${accountId}::uuid and status <> 'deleted' for key share),
    ${failCtes(sql, reservation, audit, isKnown)},
    attempt as (
      insert into login_attempts (id, account_id, outcome, ip_address)
      select ${reservation.attemptId}::uuid, ${accountId}::uuid, 'failed', ${origin.ip}::text
       where ${isKnown})
    ${notice ? sql`, ${notice}` : sql``}
    select started, failures_in_a_row from failed`
  return row ?? { started: false, failuresInARow: 0 }
}

/** @returns the account's second factors; null where it has another password version than was verified */
export async function updatePassword(
  sql: Db,
  accountId: string,
  passwordVersion: number,
  hash: string,
): Promise<Pick<Credentials, 'secondFactors'> | null> {
  const [row] = await sql<Pick<Credentials, 'secondFactors'>[]>`
    update user_accounts set password_hash = ${hash}, password_version = password_version + 1
     where id = ${accountId} and password_version = ${passwordVersion} and status = 'active' returning second_factors`
  return row ?? null
}

/** @returns 1 where there was a password, else 0; device tokens are void either way */
export async function clearPassword(sql: Db, accountId: string): Promise<number> {
  const [row] = await sql<{ had: number }[]>`
    update user_accounts a set password_hash = null, password_version = a.password_version + 1
      from user_accounts b where a.id = ${accountId} and b.id = a.id
    returning (b.password_hash is not null)::int as had`
  return row?.had ?? 0
}
