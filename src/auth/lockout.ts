import { type AuditRow, auditCtes } from '../audit/record.ts'
import type { Db } from '../db.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

/**
 * Lockout: five failures within 15 minutes pause one counter for 15 minutes, doubling to 24 hours. A try is reserved
 * before argon2 runs, so that of 50 at once only five are judged; one that ends undecided is released, one left by a
 * crash stops counting after 30 s. A counter belongs to an e-mail address as strangers type it, to a device that signed
 * in before (so a stranger cannot lock its owner out), or to an account's own password check.
 */
export type Reservation = { key: Buffer; attemptId: string; isDevice: boolean }

type Judged = { admitted: boolean; lockedForSeconds: number | null }

/** What a reservation writes, as a CTE named `reserved`, given a CTE `chosen` with the counter's `key`. */
export function reserveCte(sql: Db, attemptId: string) {
  return sql`
    reserved as (
      insert into lockouts as l (key, pending) select key, jsonb_build_object(${attemptId}::text, extract(epoch from clock_timestamp())) from chosen
      on conflict (key) do update set
        updated_at = clock_timestamp(),
        pending = live_tries(l.pending) || case
          when coalesce(l.locked_until > clock_timestamp(), false)
            or cardinality(recent_failures(l.failures)) + (select count(*) from jsonb_object_keys(live_tries(l.pending))) >= 5
          then '{}' else excluded.pending end
      returning key, pending ? ${attemptId} as admitted,
        case when locked_until > clock_timestamp() then least(extract(epoch from locked_until) - extract(epoch from clock_timestamp()), 86400)::float8 end as locked_for_seconds)`
}

/** @throws AppError `account-locked` while the counter is locked, `rate-limited` while five tries are undecided. */
export function requireAdmitted({ admitted, lockedForSeconds }: Judged): void {
  if (lockedForSeconds !== null) throw new AppError('account-locked', { retryAfter: lockedForSeconds })
  if (!admitted)
    throw new AppError('rate-limited', {
      retryAfter: 1,
      detail: 'Five attempts are being judged already. Try again in a second.',
    })
}

/** Reserves a try of one counter. @throws AppError as requireAdmitted. */
export async function reserve(deps: Deps, key: Buffer): Promise<Reservation> {
  const attemptId = Bun.randomUUIDv7()
  const [row] = await deps.sql<Judged[]>`
    with chosen as (select ${key}::bytea as key), ${reserveCte(deps.sql, attemptId)}
    select admitted, locked_for_seconds from reserved`
  if (!row) throw new Error('a reservation returns its row')
  requireAdmitted(row)
  return { key, attemptId, isDevice: false }
}

/** Gives back a try that ended undecided. Never throws: what stays behind stops counting after 30 s. */
export async function release(deps: Deps, { key, attemptId }: Reservation): Promise<void> {
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
      update lockouts set pending = pending - ${attemptId}::text, failures = '{}', consecutive = 0, locked_until = null, updated_at = clock_timestamp()
       where key = ${key})`
}

/**
 * Failure: counted, and the fifth starts a lockout, whose audit row is written only then. CTEs `failed`, `audit`,
 * `audit_side`. A device with five failures is a stranger from then on.
 */
export function failCtes(sql: Db, { key, attemptId, isDevice }: Reservation, lockoutStarted: AuditRow) {
  return sql`
    failed as (
      insert into lockouts as l (key, failures, last_failure_at) values (${key}, array[clock_timestamp()], clock_timestamp())
      on conflict (key) do update set
        updated_at = clock_timestamp(),
        last_failure_at = clock_timestamp(),
        pending = l.pending - ${attemptId}::text,
        failures = case when cardinality(recent_failures(l.failures)) >= 4 then '{}' else recent_failures(l.failures) || clock_timestamp() end,
        consecutive = lockouts_in_a_row(l) + case when cardinality(recent_failures(l.failures)) >= 4 and l.consecutive < 20 then 1 else 0 end,
        locked_until = case when cardinality(recent_failures(l.failures)) < 4 then l.locked_until
          when ${isDevice} then timestamptz '9999-12-31'
          else clock_timestamp() + least(interval '15 minutes' * power(2, lockouts_in_a_row(l)), interval '24 hours') end
      returning coalesce(locked_until > clock_timestamp(), false) and failures = '{}' as started),
    ${auditCtes(sql, lockoutStarted, sql`(select started from failed)`)}`
}
