import type { Assurance, AuthMethod, Strength } from '../access/strength.ts'
import { prepare } from '../db/prepared.ts'
import type { Db } from '../db/types.ts'
import { accountColumns, type StoredAccount } from './account.ts'
import type { SecondFactorKind } from './first-factor.ts'
import { endsAt, idleAt } from './session-lifetime.ts'

export type Rotation = {
  sessionId: string
  accountId: string
  /** Of the presented token. */
  hash: Buffer
  expiresAt: number
  /** Of the token that replaces it. */
  successorHash: Buffer
  jti: string
  iat: number
  exp: number
  keyId: string
  ttlSeconds: number
  ip: string
  userAgent: string | null
}
type Outcome = Strength & {
  rotated: boolean
  repeated: boolean
  expired: boolean
  jti: string | null
  iat: number | null
  exp: number | null
  keyId: string | null
  refreshExpiresIn: number
}

/** SQL: the columns of a Strength, of a row `s` of sessions. */
const strengthColumns = `s.amr, s.acr, floor(extract(epoch from coalesce(s.auth_time, s.created_at)))::float8 as auth_time`

const rotate = prepare<Rotation, StoredAccount & Outcome>((value) => {
  const isInForce = `t.token_hash = ${value('hash')}::bytea and t.expires_at > clock_timestamp()`
  const ifInForce = (replacement: string, column: string) =>
    `${column} = case when ${isInForce} then ${replacement} else t.${column} end`
  return `
    with session as (
      update sessions s set last_used_at = clock_timestamp(), ip_address = ${value('ip')}, user_agent = ${value('userAgent')}
        from user_accounts a join roles r on r.name = a.role
       where s.id = ${value('sessionId')} and s.account_id = ${value('accountId')} and a.id = s.account_id and a.status = 'active'
         and s.ended_at is null and ${idleAt} > clock_timestamp()
      returning s.id as session_id, ${endsAt} as ends_at, ${idleAt} as idle_at, ${strengthColumns}, ${accountColumns}),
    token as (
      update tokens t set
        ${ifInForce('t.token_hash', 'previous_hash')},
        ${ifInForce('clock_timestamp()', 'replaced_at')},
        ${ifInForce(`${value('jti')}::text`, 'successor_jti')},
        ${ifInForce(`${value('iat')}::bigint`, 'successor_iat')},
        ${ifInForce(`${value('exp')}::bigint`, 'successor_exp')},
        ${ifInForce(`${value('keyId')}::text`, 'successor_kid')},
        ${ifInForce(`least(clock_timestamp() + make_interval(secs => ${value('ttlSeconds')}), session.ends_at)`, 'expires_at')},
        ${ifInForce(`${value('successorHash')}::bytea`, 'token_hash')}
        from session where t.session_id = session.session_id
      returning t.token_hash = ${value('successorHash')} as rotated,
        coalesce(t.previous_hash = ${value('hash')} and t.successor_jti is not null and t.replaced_at > clock_timestamp() - interval '10 seconds', false) as repeated,
        t.token_hash = ${value('hash')} or to_timestamp(${value('expiresAt')}) <= clock_timestamp() as expired,
        successor_jti as jti, successor_iat::float8 as iat, successor_exp::float8 as exp, successor_kid as key_id,
        greatest(0, floor(extract(epoch from least(t.expires_at, session.idle_at) - clock_timestamp())))::int as refresh_expires_in)
    select session.*, token.* from session, token`
})

/**
 * Rotates a refresh token in one guarded statement: the current token is replaced; the one just replaced gets the same successor again
 * for 10 s while that is unused; any other changes nothing, and the flags say what it was.
 * Null: the session has ended or was idle for too long, or the account is not active. A failed statement consumes nothing.
 */
export async function rotateToken(sql: Db, rotation: Rotation): Promise<(StoredAccount & Outcome) | null> {
  const [row] = await rotate(sql, rotation)
  return row ?? null
}

/**
 * Adds authentication methods to a live session and sets its `auth_time` to now. Methods are never removed, and `acr` never falls.
 * @returns whether the session is alive
 */
export async function addStrength(
  sql: Db,
  {
    accountId,
    sessionId,
    amr,
    acr,
  }: { accountId: string; sessionId: string; amr: readonly AuthMethod[]; acr: Assurance },
): Promise<boolean> {
  const rows = await sql`
    update sessions s set auth_time = clock_timestamp(),
           amr = s.amr || array(select method from unnest(${amr}::text[]) with ordinality as shown (method, place)
                                 where method <> all (s.amr) order by place),
           acr = case when s.acr = 'aal2' then s.acr else ${acr} end
     where s.id = ${sessionId} and s.account_id = ${accountId} and s.ended_at is null and s.expires_at > clock_timestamp()
    returning 1`
  return rows.length === 1
}

/** An active account with the strength of one of its live sessions; null: none. */
export async function findSessionAccount(
  sql: Db,
  accountId: string,
  sessionId: string,
): Promise<(StoredAccount & Strength) | null> {
  const [row] = await sql<(StoredAccount & Strength)[]>`
    select ${sql.unsafe(strengthColumns)}, ${sql.unsafe(accountColumns)}
      from sessions s join user_accounts a on a.id = s.account_id
     where s.id = ${sessionId} and s.account_id = ${accountId} and s.ended_at is null and s.expires_at > clock_timestamp() and a.status = 'active'`
  return row ?? null
}

export type SessionItem = {
  id: string
  createdAt: Date
  lastUsedAt: Date
  expiresAt: Date
  ipAddress: string | null
  userAgent: string | null
  current: boolean
}

/** The live sessions of an account, newest first, `limit` of them before the session `before`. */
export async function listSessions(
  sql: Db,
  accountId: string,
  currentId: string | null,
  limit: number,
  before: string | null,
): Promise<SessionItem[]> {
  return sql<SessionItem[]>`
    select s.id, s.created_at, s.last_used_at, ${sql.unsafe(idleAt)} as expires_at, s.ip_address, s.user_agent, coalesce(s.id = ${currentId}::uuid, false) as current
      from sessions s join user_accounts a on a.id = s.account_id join roles r on r.name = a.role
     where s.account_id = ${accountId} and s.ended_at is null and ${sql.unsafe(idleAt)} > clock_timestamp()
       and (${before}::uuid is null or s.id < ${before}::uuid)
     order by s.id desc limit ${limit}`
}

/** Locks the account's row, which serialises changes of its sessions and rights. */
export async function lockAccount(sql: Db, accountId: string): Promise<void> {
  await sql`select 1 from user_accounts where id = ${accountId} for no key update`
}

/** Whether a session is alive and belongs to the account. */
export async function isLiveSession(sql: Db, accountId: string, sessionId: string): Promise<boolean> {
  const rows = await sql`
    select 1 from sessions where id = ${sessionId} and account_id = ${accountId} and ended_at is null and expires_at > clock_timestamp()`
  return rows.length === 1
}

type SignIn = { active: boolean; passwordVersion: number; secondFactors: readonly SecondFactorKind[]; live: boolean }

/** The state of a session and of its account; null: no such account. */
export async function findSignIn(sql: Db, accountId: string, sessionId: string): Promise<SignIn | null> {
  const [row] = await sql<SignIn[]>`
    select status = 'active' as active, password_version, second_factors,
           exists (select from sessions s where s.id = ${sessionId} and s.account_id = a.id and s.ended_at is null and s.expires_at > clock_timestamp()) as live
      from user_accounts a where id = ${accountId}`
  return row ?? null
}

/** The live sessions beyond the newest `keep`, oldest used first. */
export async function listSurplusSessions(sql: Db, accountId: string, keep: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from sessions where account_id = ${accountId} and ended_at is null and expires_at > clock_timestamp()
     order by last_used_at desc offset ${keep}`
  return rows.map((row) => row.id)
}
