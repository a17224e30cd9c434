import { inForceConditions } from '../../access/lapse.ts'
import { type AuthzState, authzStateColumns } from '../../access/rights.ts'
import { profileColumns, type StoredAccount } from '../../auth/account.ts'
import type { Db, Tx } from '../../db/types.ts'
import type { Sort } from '../schemas.ts'
import { containsText, toAddress } from './search.ts'

type ListedStatus = 'invited' | 'active' | 'locked'
export type Filter = { q?: string; role?: string; plan?: string; status?: ListedStatus }
/** An account of a list. `sortKey` is the value that the list is sorted by, in full precision, for the cursor. */
export type ListedAccount = Omit<StoredAccount, 'overrides'> & { sortKey: string }

/**
 * A page of users after a cursor, in the order of an index: the thousandth page costs as much as the first. The limit
 * applies before the other columns are read. The statement is planned for each filter, without parallel workers: a
 * generic plan would scan the table for a rare value, and workers would read far past the page.
 */
export async function listUsers(
  tx: Tx,
  filter: Filter,
  sort: Sort,
  limit: number,
  after: [string, string] | null,
): Promise<ListedAccount[]> {
  const key = {
    createdAt: tx`a.created_at`,
    email: tx`a.email`,
    lastLoginAt: tx`coalesce(a.last_login_at, '1970-01-01 00:00:00+00')`,
  }[sort.replace('-', '') as 'createdAt' | 'email' | 'lastLoginAt']
  const isText = sort.endsWith('email')
  const [direction, beyond] = sort.startsWith('-') ? [tx`desc`, tx`<`] : [tx`asc`, tx`>`]
  // Each condition is served by its own index and gives a page; the result is the beginning of their union.
  const holder = await prepare(tx, filter.q)
  const pages = inForceConditions(tx, filter).map(
    (condition) => tx`
      (select a.*, ${key} as key from user_accounts a
        where a.status <> 'deleted' ${matching(tx, filter, holder)} ${condition}
          ${after ? tx`and (${key}, a.id) ${beyond} (${after[0]}::text::${isText ? tx`text` : tx`timestamptz`}, ${after[1]}::uuid)` : tx``}
        order by ${key} ${direction}, a.id ${direction} limit ${limit})`,
  )
  return tx<ListedAccount[]>`
    select ${tx.unsafe(profileColumns)}, ${isText ? tx`a.key` : tx`to_char(a.key at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`} as sort_key
      from (select a.* from (${pages.reduce((all, page) => tx`${all} union all ${page}`)}) a order by a.key ${direction}, a.id ${direction} limit ${limit}) a
     order by a.key ${direction}, a.id ${direction}`
}

/** Sets the planner's options for the list, and finds the account whose whole address is `q`, if there is one. */
async function prepare(tx: Tx, q: string | undefined): Promise<string | null> {
  const [row] = await tx<{ holder: string | null }[]>`
    select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('max_parallel_workers_per_gather', '0', true),
           (select id from user_accounts where email = ${q === undefined ? null : toAddress(q)} and status <> 'deleted') as holder`
  return row?.holder ?? null
}

/** A whole address is found by its own index, if an account has it; any other text is searched as a part. */
function matching(sql: Db, { q, status }: Filter, holder: string | null) {
  return sql`
    ${q === undefined ? sql`` : holder === null ? containsText(sql, q) : sql`and a.id = ${holder}`}
    ${status ? inStatus(sql, status) : sql``}`
}

/** The status is part of the statement's text, because its indexes are partial. */
function inStatus(sql: Db, status: ListedStatus) {
  return {
    invited: sql`and a.status = 'invited'`,
    active: sql`and a.status = 'active'`,
    locked: sql`and a.status = 'locked'`,
  }[status]
}

/** Sets an account's status to `locked`, with the reason. The caller has locked its row. */
export async function lockStatus(sql: Db, accountId: string, reason: string): Promise<void> {
  await sql`update user_accounts set status = 'locked', locked_reason = ${reason} where id = ${accountId}`
}

/**
 * Sets the status that the account had before the lock: `active`, or `invited` where the invitation is still pending.
 */
export async function unlockStatus(sql: Db, accountId: string): Promise<void> {
  await sql`
    update user_accounts set status = case when is_invited then 'invited' else 'active' end, locked_reason = null where id = ${accountId}`
}

export type RoleHolder = { id: string; role: string; status: ListedStatus }

/** The account of a canonical address. */
export async function findRoleHolder(sql: Db, email: string): Promise<RoleHolder | null> {
  const [row] = await sql<RoleHolder[]>`
    select id, role, status from user_accounts where email = ${email} and status <> 'deleted'`
  return row ?? null
}

/** @param by the inviter of record for the role while an invitation is pending; null: the command line */
export async function updateRole(sql: Db, accountId: string, role: string, by: string | null): Promise<void> {
  await sql`
    with answered as (update invitations set role_by = ${by}::uuid where account_id = ${accountId})
    update user_accounts set role = ${role} where id = ${accountId}`
}

/** Why an account is locked; null where it is not. Locks nothing. */
export async function findLockedReason(sql: Db, accountId: string): Promise<string | null> {
  const [row] = await sql<
    { lockedReason: string | null }[]
  >`select locked_reason from user_accounts where id = ${accountId}`
  return row?.lockedReason ?? null
}

/** The account's state as stored, including what has expired. */
export async function findAuthzState(sql: Db, accountId: string): Promise<AuthzState | null> {
  const [row] = await sql<AuthzState[]>`select ${authzStateColumns(sql)} from account_authz a where a.id = ${accountId}`
  return row ?? null
}
