import { type AuditRow, auditCtes } from '../audit/record.ts'
import type { Db } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { AuthDeps } from './deps.ts'

/**
 * Whose failures are counted together: an e-mail address's as strangers type it, a device's that signed in before (so a
 * stranger cannot lock its owner out), or those of an account's own password check.
 */
export type Counter = 'email' | 'device' | 'password'

/**
 * Lockout: five failures within 15 minutes pause one counter for 15 minutes, doubling to an hour (an account's own check,
 * which no stranger reaches: 24 hours). Whatever their pace, a hundred failures without a success are the most (NIST
 * SP 800-63B-4, 3.2.2): from then on each is followed by an hour's pause, until a success or 30 days without a failure.
 * A try is reserved before argon2 runs, so that of 50 at once only five are judged; one that ends undecided is released,
 * one left by a crash stops counting after 30 s.
 */
export type Reservation = { key: Buffer; attemptId: string; counter: Counter }

type Judged = { admitted: boolean; lockedForSeconds: number | null }

/** Failures without a success after which each is a lockout of its own. */
const mostInARow = 100

/** Failures in a row of a counter `l`, of which 30 days without one make an end. */
const inARow = (sql: Db) =>
  sql`case when l.last_failure_at < clock_timestamp() - interval '720 hours' then 0 else l.failures_in_a_row end`

/** Whether one more failure of a counter `l` starts a lockout. */
const isLast = (sql: Db) =>
  sql`(cardinality(recent_failures(l.failures)) >= 4 or ${inARow(sql)} >= ${mostInARow - 1}::int)`

/** What a reservation writes, as a CTE named `reserved`, given a CTE `chosen` with the counter's `key`. */
export function reserveCte(sql: Db, attemptId: string) {
  return sql`
    reserved as (
      insert into lockouts as l (key, pending) select key, jsonb_build_object(${attemptId}::text, extract(epoch from clock_timestamp())) from chosen
      on conflict (key) do update set
        updated_at = clock_timestamp(),
        pending = live_tries(l.pending) || case
          when coalesce(l.locked_until > clock_timestamp(), false)
            or (select count(*) from jsonb_object_keys(live_tries(l.pending)))
               >= least(5 - cardinality(recent_failures(l.failures)), greatest(1, ${mostInARow}::int - ${inARow(sql)}))
          then '{}' else excluded.pending end
      returning key, pending ? ${attemptId} as admitted,
        case when locked_until > clock_timestamp() then least(extract(epoch from locked_until) - extract(epoch from clock_timestamp()), 86400)::float8 end as locked_for_seconds)`
}

/** @throws AppError `account-locked` while the counter is locked, `rate-limited` while as many tries are undecided as may fail. */
export function requireAdmitted({ admitted, lockedForSeconds }: Judged): void {
  if (lockedForSeconds !== null) throw new AppError('account-locked', { retryAfter: lockedForSeconds })
  if (!admitted)
    throw new AppError('rate-limited', {
      retryAfter: 1,
      detail: 'As many attempts as may fail are being judged already. Try again in a second.',
    })
}

/** Reserves a try of an account's own password check. @throws AppError as requireAdmitted. */
export async function reserveOwnCheck(deps: AuthDeps, accountId: string): Promise<Reservation> {
  const key = deps.counterKey('password', accountId)
  const attemptId = Bun.randomUUIDv7()
  const [row] = await deps.sql<Judged[]>`
    with chosen as (select ${key}::bytea as key), ${reserveCte(deps.sql, attemptId)}
    select admitted, locked_for_seconds from reserved`
  if (!row) throw new Error('a reservation returns its row')
  requireAdmitted(row)
  return { key, attemptId, counter: 'password' }
}

/** Gives back a try that ended undecided. Never throws: what stays behind stops counting after 30 s. */
export async function release(deps: AuthDeps, { key, attemptId }: Reservation): Promise<void> {
  try {
    await deps.sql`update lockouts set pending = pending - ${attemptId}::text where key = ${key}`
  } catch (error) {
    deps.log.debug({ err: error }, 'a reserved try could not be released; it ends by itself')
  }
}

/** Success: the counter that judged it begins anew. As a CTE named `cleared`. */
export function clearCte(sql: Db, { key, attemptId }: Reservation) {
  return sql`
    cleared as (
      update lockouts set pending = pending - ${attemptId}::text, failures = '{}', failures_in_a_row = 0, consecutive = 0,
             locked_until = null, updated_at = clock_timestamp()
       where key = ${key})`
}

/**
 * Failure: counted, and the one that is the last starts a lockout, whose audit row is written only then. CTEs `failed`,
 * `audit`, `audit_side`. A device is a stranger from then on. `first`: a `from` clause, whose locks are taken before the counter's.
 */
export function failCtes(sql: Db, { key, attemptId, counter }: Reservation, lockoutStarted: AuditRow, first = sql``) {
  const longest = counter === 'password' ? '24 hours' : '1 hour'
  return sql`
    failed as (
      insert into lockouts as l (key, failures, failures_in_a_row, last_failure_at)
      select ${key}::bytea, array[clock_timestamp()], 1, clock_timestamp() ${first}
      on conflict (key) do update set
        updated_at = clock_timestamp(),
        last_failure_at = clock_timestamp(),
        pending = l.pending - ${attemptId}::text,
        failures = case when ${isLast(sql)} then '{}' else recent_failures(l.failures) || clock_timestamp() end,
        failures_in_a_row = least(${inARow(sql)} + 1, 1000000),
        consecutive = lockouts_in_a_row(l) + case when ${isLast(sql)} and l.consecutive < 20 then 1 else 0 end,
        locked_until = case when not ${isLast(sql)} then l.locked_until
          when ${counter === 'device'} then timestamptz '9999-12-31'
          when ${inARow(sql)} >= ${mostInARow - 1}::int then clock_timestamp() + interval '1 hour'
          else clock_timestamp() + least(interval '15 minutes' * power(2, lockouts_in_a_row(l)), ${longest}::interval) end
      returning coalesce(locked_until > clock_timestamp(), false) and failures = '{}' as started, failures_in_a_row),
    ${auditCtes(sql, lockoutStarted, sql`(select started from failed)`)}`
}
