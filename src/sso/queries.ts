import type { AccountStatus } from '../access/rights.ts'
import type { SecondFactorKind } from '../auth/first-factor.ts'
import type { Db } from '../db/types.ts'
import type { Profile } from './claims.ts'

/** The state of an account that matters for signing in by another provider. */
export type Standing = {
  id: string
  email: string
  status: AccountStatus
  emailVerified: boolean
  passwordVersion: number
  secondFactors: readonly SecondFactorKind[]
  /** The level of its role, as `LockedAccount.rank`. */
  rank: number
}

const standingColumns = (sql: Db) => sql`
  a.id, a.email, a.status, a.email_verified_at is not null as email_verified, a.password_version, a.second_factors,
  rank_of(a.role, a.plan) as rank`

/** The account that an identity belongs to. */
export async function findOwner(sql: Db, { issuer, subject }: Profile): Promise<Standing | null> {
  const [row] = await sql<Standing[]>`
    select ${standingColumns(sql)} from identities i join user_accounts a on a.id = i.account_id
     where i.issuer = ${issuer} and i.subject = ${subject}`
  return row ?? null
}

/** The account that has an address; `reserved` while another account can still undo giving it up; null: none has it. */
export async function findHolder(sql: Db, email: string): Promise<Standing | 'reserved' | null> {
  const [row] = await sql<({ isReserved: boolean } & { [K in keyof Standing]: Standing[K] | null })[]>`
    select ${standingColumns(sql)},
           exists (select from account_links where kind = 'undo-email' and email = ${email} and expires_at > clock_timestamp()) as is_reserved
      from (select 1) one left join user_accounts a on a.email = ${email}`
  if (!row) throw new Error('a select without from is one row')
  const { isReserved, ...standing } = row
  return standing.id === null ? (isReserved ? 'reserved' : null) : (standing as Standing)
}

/** Locks an account and its role, and reads it as it is then. */
export async function lockStanding(sql: Db, accountId: string): Promise<Standing | null> {
  await sql`select 1 from user_accounts where id = ${accountId} for no key update`
  const [row] = await sql<Standing[]>`select ${standingColumns(sql)} from user_accounts a where a.id = ${accountId}`
  return row ?? null
}

/** Sets an identity's `last_used_at`. @returns false where the identity does not exist */
export async function touchIdentity(
  sql: Db,
  { provider, profile: { issuer, subject } }: Pick<NewIdentity, 'provider' | 'profile'>,
): Promise<boolean> {
  const rows = await sql`
    update identities set last_used_at = clock_timestamp(), provider = ${provider}
     where issuer = ${issuer} and subject = ${subject} returning 1`
  return rows.length === 1
}

/** Identities that an account may have. */
export const maxIdentities = 10

type NewIdentity = { id: string; accountId: string; provider: string; profile: Profile }

/** Adds an identity to an account whose row is locked. @returns null where any account has it already */
export async function insertIdentity(
  sql: Db,
  { id, accountId, provider, profile: { issuer, subject, email } }: NewIdentity,
): Promise<Identity | null> {
  const [row] = await sql<Identity[]>`
    insert into identities (id, account_id, provider, issuer, subject, email)
    values (${id}, ${accountId}, ${provider}, ${issuer}, ${subject}, ${email})
    on conflict (issuer, subject) do nothing returning id, provider, email, created_at, last_used_at`
  return row ?? null
}

/** An identity as its owner sees it. */
export type Identity = {
  id: string
  provider: string
  email: string | null
  createdAt: Date
  lastUsedAt: Date | null
}

/** Identities of an account, newest first. */
export async function listIdentities(
  sql: Db,
  accountId: string,
  limit: number,
  before: string | null,
): Promise<Identity[]> {
  return sql<Identity[]>`
    select id, provider, email, created_at, last_used_at from identities
     where account_id = ${accountId} and (${before}::uuid is null or id < ${before}::uuid) order by id desc limit ${limit}`
}

/** How many identities an account has; with `providers`, only those of these providers. */
export async function countIdentities(sql: Db, accountId: string, providers?: readonly string[]): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from identities
     where account_id = ${accountId} and (${providers === undefined} or provider = any(${(providers ?? []) as string[]}::text[]))`
  return row?.count ?? 0
}

/** Deletes an identity. @returns the id of its provider; null where the account has no such identity */
export async function deleteIdentity(sql: Db, accountId: string, id: string): Promise<string | null> {
  const [row] = await sql<{ provider: string }[]>`
    delete from identities where id = ${id} and account_id = ${accountId} returning provider`
  return row?.provider ?? null
}

/**
 * Deletes an account's identities, or those added since a moment, and the pending codes that could add more.
 * @returns how many identities were deleted
 */
export async function deleteIdentities(sql: Db, accountId: string, addedSince: Date | null): Promise<number> {
  const gone = await sql`
    with codes as (delete from oidc_codes where account_id = ${accountId})
    delete from identities where account_id = ${accountId} and (${addedSince}::timestamptz is null or created_at >= ${addedSince}::timestamptz)`
  return gone.count
}
