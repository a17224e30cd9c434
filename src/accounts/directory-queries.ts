import type { Db } from '../db.ts'
import type { Sort } from './schemas.ts'

export type Filter = { q?: string; role?: string; plan?: string; status?: 'active' | 'locked' }
export type Person = {
  id: string
  email: string
  emailVerified: boolean
  firstName: string | null
  lastName: string | null
  phoneNumber: string | null
  language: string
  timezone: string
  role: string
  privilegeLevel: number
  plan: { name: string; displayName: string; tier: number }
  status: 'active' | 'locked'
  createdAt: Date
  lastLoginAt: Date | null
  /** The value it is sorted by, with all its digits, for the cursor. */
  sortKey: string
}

/** People after a cursor, in an order that an index gives: the thousandth page costs what the first does. */
export async function listPeople(
  sql: Db,
  filter: Filter,
  sort: Sort,
  limit: number,
  after: [string, string] | null,
): Promise<Person[]> {
  const key = {
    createdAt: sql`a.created_at`,
    email: sql`a.email`,
    lastLoginAt: sql`coalesce(a.last_login_at, '1970-01-01 00:00:00+00')`,
  }[sort.replace('-', '') as 'createdAt' | 'email' | 'lastLoginAt']
  const cast = sort.endsWith('email') ? sql`text` : sql`timestamptz`
  const [direction, beyond] = sort.startsWith('-') ? [sql`desc`, sql`<`] : [sql`asc`, sql`>`]
  return sql<Person[]>`
    select a.id, a.email, a.email_verified_at is not null as email_verified, a.first_name, a.last_name, a.phone_number, a.language, a.timezone,
           a.role, r.privilege_level, json_build_object('name', p.name, 'displayName', p.display_name, 'tier', p.tier) as plan,
           a.status, a.created_at, a.last_login_at, ${key}::text as sort_key
      from user_accounts a
      join roles r on r.name = a.role
      join user_subscriptions s on s.account_id = a.id and s.ended_at is null
      join subscription_plans p on p.name = case when s.current_period_end <= clock_timestamp() then 'free' else s.plan end
     where a.status <> 'deleted' ${matching(sql, filter)}
       ${after ? sql`and (${key}, a.id) ${beyond} (${after[0]}::text::${cast}, ${after[1]}::uuid)` : sql``}
     order by ${key} ${direction}, a.id ${direction} limit ${limit}`
}

function matching(sql: Db, { q, role, plan, status }: Filter) {
  const pattern = q?.toLowerCase().replace(/[\\%_]/g, '\\$&')
  // Two letters give no trigram: they are looked for where an address begins.
  const found =
    pattern === undefined
      ? sql``
      : pattern.length < 3
        ? sql`and a.email like ${`${pattern}%`}`
        : sql`and a.search_text like ${`%${pattern}%`}`
  return sql`${found} ${role ? sql`and a.role = ${role}` : sql``} ${status ? sql`and a.status = ${status}` : sql``} ${plan ? sql`and s.plan = ${plan}` : sql``}`
}

export async function updateStatus(
  sql: Db,
  accountId: string,
  status: 'active' | 'locked',
  reason: string | null,
): Promise<void> {
  await sql`update user_accounts set status = ${status}, locked_reason = ${reason} where id = ${accountId}`
}

export async function updateRole(sql: Db, accountId: string, role: string): Promise<void> {
  await sql`update user_accounts set role = ${role} where id = ${accountId}`
}

/** Ends a lockout: the counters under these keys begin anew. */
export async function clearLockouts(sql: Db, keys: Buffer[]): Promise<void> {
  await sql`
    update lockouts set failures = '{}', consecutive = 0, locked_until = null, updated_at = clock_timestamp() where key in ${sql(keys)}`
}

export async function findLockedReason(sql: Db, accountId: string): Promise<string | null> {
  const [row] = await sql<
    { lockedReason: string | null }[]
  >`select locked_reason from user_accounts where id = ${accountId}`
  return row?.lockedReason ?? null
}
