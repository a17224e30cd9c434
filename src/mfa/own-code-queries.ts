import { reserveCte } from '../auth/lockout.ts'
import type { Db } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import { attemptsPerEnrolment, waits } from './queries.ts'

type OwnCode = { accountId: string; accountKey: Buffer; deviceKey: Buffer; attemptId: string }

type ReservedOwn = { key: Buffer; isDevice: boolean; admitted: boolean; lockedForSeconds: number | null }

/** The CTE `counter`: the device's counter until that is locked, else the account's; none where the account is erased. */
const counterCte = (sql: Db, { accountId, accountKey, deviceKey }: OwnCode) => sql`
  counter as materialized (
    select case when exists (select from lockouts where key = ${deviceKey} and locked_until > clock_timestamp())
                then ${accountKey}::bytea else ${deviceKey}::bytea end as key
      from user_accounts where id = ${accountId} and status = 'active' for key share)`

/**
 * Reserves an attempt of a code by a signed-in person, and reads their confirmed authenticator app.
 * @throws AppError `account-disabled`
 */
export async function reserveOwnCode(
  sql: Db,
  code: OwnCode,
): Promise<ReservedOwn & { totpId: string | null; totpSecret: Buffer | null }> {
  const [row] = await sql<(ReservedOwn & { totpId: string | null; totpSecret: Buffer | null })[]>`
    with ${counterCte(sql, code)}, chosen as (select key from counter), ${reserveCte(sql, code.attemptId, 'with_code_try')}
    select reserved.*, reserved.key = ${code.deviceKey} as is_device, t.id as totp_id, t.secret as totp_secret
      from reserved left join totp_factors t on t.account_id = ${code.accountId} and t.confirmed_at is not null`
  if (!row) throw new AppError('account-disabled')
  return row
}

/**
 * Reserves an attempt to confirm an enrolment, and takes one of the enrolment's own attempts, unless the counter is locked.
 * `enrolmentId` null: none waits, or all its attempts are used. @throws AppError `account-disabled`
 */
export async function reserveEnrolmentCode(
  sql: Db,
  code: OwnCode,
): Promise<ReservedOwn & { enrolmentId: string | null }> {
  const [row] = await sql<(ReservedOwn & { enrolmentId: string | null })[]>`
    with ${counterCte(sql, code)},
    tried as (
      update totp_factors t set tries = t.tries + 1
       where t.account_id = ${code.accountId} and ${waits(sql)} and t.tries < ${attemptsPerEnrolment}
         and not exists (select from lockouts l join counter on counter.key = l.key where l.locked_until > clock_timestamp())
      returning t.id),
    -- The enrolment's row first, as whatever confirms it locks them.
    chosen as (select key from counter where (select count(*) from tried) >= 0),
    ${reserveCte(sql, code.attemptId, 'with_code_try')}
    select reserved.*, reserved.key = ${code.deviceKey} as is_device, (select id from tried) as enrolment_id from reserved`
  if (!row) throw new AppError('account-disabled')
  return row
}
