import { type AuthzState, authzStateColumns } from '../access/rights.ts'
import type { Db } from '../db/types.ts'

/** A key as its owner sees it: everything but the key itself. */
export type ApiKeyItem = {
  id: string
  name: string
  prefix: string
  permissions: string[]
  expiresAt: Date | null
  ipRanges: string[] | null
  lastUsedAt: Date | null
  createdAt: Date
}

const columns = (sql: Db) => sql`id, name, prefix, permissions, expires_at, ip_ranges, last_used_at, created_at`

/** Keys of an account, newest first: at most `limit`, older than the key `before`. */
export async function listApiKeys(
  sql: Db,
  accountId: string,
  limit: number,
  before: string | null,
): Promise<ApiKeyItem[]> {
  return sql<ApiKeyItem[]>`
    select ${columns(sql)} from api_keys where account_id = ${accountId} and (${before}::uuid is null or id < ${before}::uuid)
     order by id desc limit ${limit}`
}

/** One key of an account; null where the account has no such key. Locks nothing. */
export async function findOwnApiKey(sql: Db, accountId: string, id: string): Promise<ApiKeyItem | null> {
  const [row] = await sql<
    ApiKeyItem[]
  >`select ${columns(sql)} from api_keys where id = ${id} and account_id = ${accountId}`
  return row ?? null
}

/** The number of keys of an account, expired ones included. The caller has locked the account's row. */
export async function countApiKeys(sql: Db, accountId: string): Promise<number> {
  const [row] = await sql<{ total: number }[]>`
    select count(*)::int as total from api_keys where account_id = ${accountId}`
  return row?.total ?? 0
}

type NewRow = {
  id: string
  accountId: string
  name: string
  prefix: string
  hash: Buffer
  permissions: string[]
  ipRanges: string[] | null
  expiresAt: string | null
}

/** Inserts a key. Null where `expiresAt` is past by the database's clock. */
export async function insertApiKey(sql: Db, row: NewRow): Promise<{ createdAt: Date } | null> {
  const [inserted] = await sql<{ createdAt: Date }[]>`
    insert into api_keys (id, account_id, name, prefix, key_hash, permissions, ip_ranges, expires_at)
    select ${row.id}::uuid, ${row.accountId}::uuid, ${row.name}::text, ${row.prefix}::text, ${row.hash}::bytea, ${row.permissions}::text[],
           ${row.ipRanges}::text[], ${row.expiresAt}::timestamptz
     where coalesce(${row.expiresAt}::timestamptz > clock_timestamp(), true)
    returning created_at`
  return inserted ?? null
}

/** Deletes a key of an account. @returns its prefix; null where the account has no such key */
export async function deleteApiKey(sql: Db, accountId: string, id: string): Promise<{ prefix: string } | null> {
  const [deleted] = await sql<{ prefix: string }[]>`
    delete from api_keys where id = ${id} and account_id = ${accountId} returning prefix`
  return deleted ?? null
}

/** A key with its owner's state, read in one snapshot. */
type ApiKeyRow = AuthzState & {
  id: string
  accountId: string
  permissions: string[]
  ipRanges: string[] | null
  /** Epoch seconds; null: never. */
  expiresAt: number | null
}

/** The key with this hash and its owner's state; null for an unknown key. Locks nothing. */
export async function findApiKey(sql: Db, hash: Buffer): Promise<ApiKeyRow | null> {
  const [row] = await sql<ApiKeyRow[]>`
    select k.id, k.account_id, k.permissions, k.ip_ranges, extract(epoch from k.expires_at)::float8 as expires_at,
           ${authzStateColumns(sql)}
      from api_keys k join account_authz a on a.id = k.account_id
     where k.key_hash = ${hash}`
  return row ?? null
}

/** Deletes all keys of an account. @returns their prefixes */
export async function deleteApiKeys(sql: Db, accountId: string): Promise<string[]> {
  const rows = await sql<{ prefix: string }[]>`delete from api_keys where account_id = ${accountId} returning prefix`
  return rows.map(({ prefix }) => prefix)
}

/** Stores when keys were used. Locks their rows in the order of ids, which prevents deadlocks between instances. */
export async function updateLastUsed(sql: Db, uses: { id: string; at: Date }[]): Promise<void> {
  await sql`
    with used as (
      select k.id, v.at from unnest(${uses.map(({ id }) => id)}::uuid[], ${uses.map(({ at }) => at.toISOString())}::timestamptz[]) v (id, at)
        join api_keys k on k.id = v.id order by k.id for no key update of k)
    update api_keys k set last_used_at = greatest(k.last_used_at, used.at) from used where k.id = used.id`
}
