import type { Overrides } from '../access/rights.ts'
import type { Db } from '../db/database.ts'

/** A key with where its owner stands, in one snapshot. */
export type ApiKeyRow = {
  id: string
  accountId: string
  permissions: string[]
  ipRanges: string[] | null
  /** Epoch seconds; null: never. */
  expiresAt: number | null
  status: 'active' | 'locked' | 'deleted'
  role: string
  plan: string
  pex: number | null
  overrides: Overrides
  /** The owner's authorisation version. */
  ver: number
}

export async function findApiKey(sql: Db, hash: Buffer): Promise<ApiKeyRow | null> {
  const [row] = await sql<ApiKeyRow[]>`
    select k.id, k.account_id, k.permissions, k.ip_ranges, extract(epoch from k.expires_at)::float8 as expires_at,
           a.status, a.role, coalesce(a.plan, 'free') as plan, a.pex::float8, a.overrides, a.authz_version::float8 as ver
      from api_keys k join account_authz a on a.id = k.account_id
     where k.key_hash = ${hash}`
  return row ?? null
}

/** @returns how the keys that were deleted began */
export async function deleteApiKeys(sql: Db, accountId: string): Promise<string[]> {
  const rows = await sql<{ prefix: string }[]>`delete from api_keys where account_id = ${accountId} returning prefix`
  return rows.map(({ prefix }) => prefix)
}

/** Locked in the order of ids, so that two instances never wait for each other in a circle. */
export async function updateLastUsed(sql: Db, uses: { id: string; at: Date }[]): Promise<void> {
  await sql`
    with used as (
      select k.id, v.at from unnest(${uses.map(({ id }) => id)}::uuid[], ${uses.map(({ at }) => at.toISOString())}::timestamptz[]) v (id, at)
        join api_keys k on k.id = v.id order by k.id for no key update of k)
    update api_keys k set last_used_at = greatest(k.last_used_at, used.at) from used where k.id = used.id`
}
