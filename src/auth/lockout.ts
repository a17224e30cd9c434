import { type AuditRow, auditCtes } from '../audit/record.ts'
import type { Db, Fragment } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { AuthDeps } from './deps.ts'
import { countsCodes, type Reservation } from './reservation.ts'

type Reserved = { admitted: boolean | null; lockedForSeconds: number | null }

/**
 * The CTE `reserved`, which reserves an attempt of the counter whose `key` the CTE `chosen` gives.
 * @param rule the SQL function that bounds how many attempts may be undecided (sql/functions/lockouts.sql)
 */
export function reserveCte(sql: Db, attemptId: string, rule: 'with_try' | 'with_code_try' = 'with_try') {
  return sql`
    reserved as (
      insert into lockouts as l (key, pending) select key, jsonb_build_object(${attemptId}::text, extract(epoch from clock_timestamp())) from chosen
      on conflict (key) do update set (pending, updated_at) = (select pending, updated_at from ${sql.unsafe(rule)}(l, ${attemptId}))
      returning key, pending ? ${attemptId} as admitted, lockout_seconds(locked_until) as locked_for_seconds)`
}

/** @throws AppError `account-locked` while the counter is locked, `rate-limited` while as many attempts are undecided as may fail. */
export function requireAdmitted({ admitted, lockedForSeconds }: Reserved): void {
  if (lockedForSeconds !== null) throw new AppError('account-locked', { retryAfter: lockedForSeconds })
  if (!admitted)
    throw new AppError('rate-limited', {
      retryAfter: 1,
      detail: 'Too many attempts are being checked at this moment. Try again in a second.',
    })
}

/**
 * Reserves an attempt of an account's own password check. Waits for a concurrent erasure of the account.
 * @throws AppError as requireAdmitted; `account-disabled`
 */
export async function reserveOwnCheck(deps: AuthDeps, accountId: string): Promise<Reservation> {
  const key = deps.counterKey('password', accountId)
  const attemptId = Bun.randomUUIDv7()
  const [row] = await deps.sql<Reserved[]>`
    with chosen as materialized (
      select ${key}::bytea as key from user_accounts where id = ${accountId} and status = 'active' for key share),
    ${reserveCte(deps.sql, attemptId)}
    select admitted, locked_for_seconds from reserved`
  if (!row) throw new AppError('account-disabled')
  requireAdmitted(row)
  return { key, attemptId, counter: 'password' }
}

/** Releases an attempt that ended undecided. Never throws: what is not released expires. */
export async function release(deps: AuthDeps, { key, attemptId }: Reservation): Promise<void> {
  try {
    await deps.sql`update lockouts set pending = pending - ${attemptId}::text where key = ${key}`
  } catch (error) {
    deps.log.debug({ err: error }, 'a reserved try could not be released; it ends by itself')
  }
}

/** The CTE `cleared`, which resets the counter after a success; where `condition` holds. */
export function clearCte(sql: Db, { key, attemptId }: Reservation, condition = sql`true`) {
  return sql`
    cleared as (
      update lockouts set pending = pending - ${attemptId}::text, ${cleared(sql)}
       where key = ${key} and ${condition})`
}

/** Resets the counter after a right password or code that opens no session. */
export async function clearCounter(sql: Db, reservation: Reservation): Promise<void> {
  await sql`with ${clearCte(sql, reservation)} select 1`
}

/** Resets these counters: ends their lockouts and forgets their failures. */
export async function clearLockouts(sql: Db, keys: Buffer[]): Promise<void> {
  await sql`update lockouts set ${cleared(sql)} where key in ${sql(keys)}`
}

function cleared(sql: Db) {
  return sql`failures = '{}', failures_in_a_row = 0, consecutive = 0, locked_until = null, updated_at = clock_timestamp()`
}

/**
 * The CTEs `failed`, `audit` and `audit_side`: count a failure, and write the audit row only when it starts a lockout.
 * @param condition whether there is anything to count; its locks are taken before the counter's
 */
export function failCtes(
  sql: Db,
  { key, attemptId, counter }: Reservation,
  lockoutStarted: AuditRow,
  condition: Fragment,
) {
  return sql`
    failed as (
      insert into lockouts as l (key, failures, failures_in_a_row, last_failure_at)
      select ${key}::bytea, array[clock_timestamp()], 1, clock_timestamp() where ${condition}
      on conflict (key) do update set (failures, failures_in_a_row, pending, locked_until, consecutive, last_failure_at, updated_at)
        = (select failures, failures_in_a_row, pending, locked_until, consecutive, last_failure_at, updated_at
             from ${sql.unsafe(countsCodes(counter) ? 'with_wrong_code' : 'with_failure')}(l, ${attemptId}, ${counter}))
      returning coalesce(locked_until > clock_timestamp(), false) and failures = '{}' as started, failures_in_a_row),
    ${auditCtes(sql, lockoutStarted, sql`(select started from failed)`)}`
}
