import type { AuthMethod } from '../access/strength.ts'
import type { SecondFactorKind } from '../auth/first-factor.ts'
import { clearCte, reserveCte } from '../auth/lockout.ts'
import type { Reservation } from '../auth/reservation.ts'
import type { Db } from '../db/types.ts'
import { usedPasskeyCtes, type VerifiedPasskey } from '../passkeys/assertion.ts'

/** Seconds for which an `mfaToken` can be used. */
export const challengeTtlSeconds = 300
/** Attempts that one `mfaToken` allows. */
export const attemptsPerChallenge = 5

/** SQL: a text that changes whenever a factor of the account `a` is added or removed. */
const factorsOf = (sql: Db) => sql`
  concat_ws(' ', a.second_factors::text,
            (select t.id::text from totp_factors t where t.account_id = a.id and t.confirmed_at is not null),
            (select string_agg(p.id::text, ' ' order by p.id) from passkeys p where p.account_id = a.id))`

type NewChallenge = {
  id: string
  tokenHash: Buffer
  accountId: string
  passwordVersion: number
  secondFactors: readonly SecondFactorKind[]
  amr: readonly AuthMethod[]
  isNewDevice: boolean
  /** The password's reserved attempt, which is released; a completed sign-in resets its counter. */
  reservation: Reservation | null
  codeCounter: Buffer
  deviceCounter: Buffer | null
}

/**
 * Stores that a first factor was verified, and releases its reserved attempt. Waits for a concurrent erasure of the account.
 * @returns whether recovery codes are left; null: password or factors changed since, or the account is not active
 */
export async function insertChallenge(sql: Db, row: NewChallenge): Promise<{ hasRecoveryCodes: boolean } | null> {
  const { reservation } = row
  const [made] = await sql<{ hasRecoveryCodes: boolean }[]>`
    with account as materialized (
      select a.id, ${factorsOf(sql)} as factors from user_accounts a
       where a.id = ${row.accountId} and a.password_version = ${row.passwordVersion} and a.status = 'active'
         and a.second_factors = ${row.secondFactors}::text[] for key share),
    challenge as (
      insert into mfa_challenges (id, token_hash, account_id, password_version, factors, amr, is_new_device, login_counter, login_counter_of,
                                  code_counter, device_counter, expires_at)
      select ${row.id}::uuid, ${row.tokenHash}::bytea, account.id, ${row.passwordVersion}::int, account.factors, ${row.amr}::text[],
             ${row.isNewDevice}::boolean, ${reservation?.key ?? null}::bytea, ${reservation?.counter ?? null}::text,
             ${row.codeCounter}::bytea, ${row.deviceCounter}::bytea, clock_timestamp() + make_interval(secs => ${challengeTtlSeconds})
        from account returning account_id)
    ${
      reservation
        ? sql`, released as (update lockouts set pending = pending - ${reservation.attemptId}::text
                             where key = ${reservation.key} and exists (select from challenge))`
        : sql``
    }
    select exists (select from recovery_codes r where r.account_id = challenge.account_id and r.used_at is null) as has_recovery_codes
      from challenge`
  return made ?? null
}

/** A sign-in that waits for its second factor. */
export type Challenge = {
  id: string
  accountId: string
  passwordVersion: number
  secondFactors: readonly SecondFactorKind[]
  amr: readonly AuthMethod[]
  isNewDevice: boolean
  loginCounter: Buffer | null
  loginCounterOf: 'email' | 'device' | null
}

/** The CTE `found`: the challenge of a token, unless it is used, expired, out of attempts or void. */
export const foundCte = (sql: Db, tokenHash: Buffer) => sql`
  found as materialized (
    select c.id, c.account_id, c.password_version, a.second_factors, c.amr, c.is_new_device, c.login_counter, c.login_counter_of,
           coalesce(k.key, c.code_counter) as key, k.key is not null as is_device
      from mfa_challenges c join user_accounts a on a.id = c.account_id
      left join lateral (
        select c.device_counter as key where c.device_counter is not null
           and not exists (select from lockouts l where l.key = c.device_counter and l.locked_until > clock_timestamp())) k on true
     where c.token_hash = ${tokenHash} and c.used_at is null and c.tries < ${attemptsPerChallenge} and c.expires_at > clock_timestamp()
       and a.status = 'active' and a.password_version = c.password_version and ${factorsOf(sql)} = c.factors)`

/** The CTE `tried`: takes one attempt of the challenge where `condition` holds; concurrent requests cannot exceed the limit. */
export const attemptCte = (sql: Db, condition = sql`true`) => sql`
  tried as (
    update mfa_challenges c set tries = c.tries + 1 from found
     where c.id = found.id and c.used_at is null and c.tries < ${attemptsPerChallenge} and ${condition} returning c.id)`

export type CodeAttempt = Challenge & {
  tried: boolean
  /** The counter of wrong codes. */
  key: Buffer
  isDevice: boolean
  /** Whether the counter admitted this attempt. */
  admitted: boolean | null
  lockedForSeconds: number | null
  totpId: string | null
  totpSecret: Buffer | null
}

/**
 * Takes an attempt of a challenge for a code, and reserves it in the counter of wrong codes; while that is locked, none is taken. Null:
 * the token is used up or void.
 */
export async function takeCodeAttempt(sql: Db, tokenHash: Buffer, attemptId: string): Promise<CodeAttempt | null> {
  const [row] = await sql<CodeAttempt[]>`
    with ${foundCte(sql, tokenHash)},
    locked as materialized (
      select lockout_seconds(l.locked_until) as seconds from lockouts l join found on found.key = l.key where l.locked_until > clock_timestamp()),
    ${attemptCte(sql, sql`not exists (select from locked)`)},
    chosen as (select found.key from found join tried on tried.id = found.id),
    ${reserveCte(sql, attemptId, 'with_code_try')}
    select found.*, exists (select from tried) as tried, reserved.admitted,
           coalesce(reserved.locked_for_seconds, (select seconds from locked)) as locked_for_seconds, t.id as totp_id, t.secret as totp_secret
      from found left join reserved on true left join totp_factors t on t.account_id = found.account_id and t.confirmed_at is not null`
  return row ?? null
}

/** The challenge of a token, without taking an attempt. */
export async function findChallenge(sql: Db, tokenHash: Buffer): Promise<Challenge | null> {
  const [row] = await sql<Challenge[]>`with ${foundCte(sql, tokenHash)} select found.* from found`
  return row ?? null
}

/** Returns an attempt that ended without a result. */
export async function refundAttempt(sql: Db, id: string): Promise<void> {
  await sql`update mfa_challenges set tries = tries - 1 where id = ${id} and tries > 0`
}

/** The verified second factor, for the statement that uses it up together with the challenge. */
export type Proof =
  | { kind: 'totp'; totpId: string; step: number }
  | { kind: 'recovery-code'; hash: Buffer }
  | { kind: 'passkey'; verified: VerifiedPasskey }

type Spent = { isOpen: boolean; isRight: boolean; codesLeft: number }

/**
 * Uses up a challenge and its proof, locks the account's row, and resets the counter of wrong codes. The caller rolls back unless both
 * flags are true. `isOpen`: the challenge was unused, and password, status and factors were unchanged. `isRight`: the proof was unused.
 */
export async function consumeChallenge(
  sql: Db,
  challenge: Challenge,
  proof: Proof,
  reservation: Reservation | null,
): Promise<Spent> {
  const { id, accountId, passwordVersion, secondFactors } = challenge
  const [row] = await sql<Spent[]>`
    with account as (
      update user_accounts set last_login_at = clock_timestamp()
       where id = ${accountId} and password_version = ${passwordVersion} and status = 'active' and second_factors = ${secondFactors}::text[]
      returning id),
    challenge as (
      update mfa_challenges c set used_at = clock_timestamp() from account
       where c.id = ${id} and c.account_id = account.id and c.used_at is null and c.expires_at > clock_timestamp() returning c.account_id),
    ${proofCte(sql, proof)}
    ${reservation ? sql`, ${clearCte(sql, reservation)}` : sql``}
    select exists (select from challenge) as is_open, exists (select from proof) as is_right,
           (select count(*)::int - 1 from recovery_codes where account_id = ${accountId} and used_at is null) as codes_left`
  if (!row) throw new Error('a select without from is one row')
  return row
}

/** The CTE `proof`: uses the factor up; has a row where it was still unused. */
function proofCte(sql: Db, proof: Proof) {
  switch (proof.kind) {
    case 'totp':
      return sql`
        proof as (
          update totp_factors t set last_step = ${proof.step} from challenge
           where t.account_id = challenge.account_id and t.id = ${proof.totpId} and t.confirmed_at is not null and t.last_step < ${proof.step}
          returning 1)`
    case 'recovery-code':
      return sql`
        proof as (
          update recovery_codes r set used_at = clock_timestamp() from challenge
           where r.account_id = challenge.account_id and r.code_hash = ${proof.hash} and r.used_at is null returning 1)`
    case 'passkey':
      return sql`
        ${usedPasskeyCtes(sql, proof.verified, sql`exists (select from challenge)`)},
        proof as (select 1 from used_passkey)`
    default: {
      const missing: never = proof
      throw new Error(`no proof for ${missing}`)
    }
  }
}
