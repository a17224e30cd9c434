import { domainToUnicode } from 'node:url'
import { inForceConditions } from '../../access/lapse.ts'
import { type AuthzState, authzStateColumns } from '../../access/rights.ts'
import { profileColumns, type StoredAccount } from '../../auth/account.ts'
import type { Db, Tx } from '../../db/types.ts'
import type { Sort } from '../schemas.ts'

type ListedStatus = 'invited' | 'active' | 'locked'
export type Filter = { q?: string; role?: string; plan?: string; status?: ListedStatus }
/** An account of a list; `sortKey` is the value that it is sorted by, in full precision, for the cursor. */
export type ListedAccount = Omit<StoredAccount, 'overrides'> & { sortKey: string }

/**
 * A page of users after a cursor, in the order of an index: the thousandth page costs what the first does. The limit applies
 * before the other columns are read. Planned for each filter without parallel workers: a generic plan would scan the table
 * for a rare value, and workers would read far past the page.
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
  // Each condition has its own index: each gives a page, and the result is cut from their union.
  const pages = inForceConditions(tx, filter).map(
    (condition) => tx`
      (select a.*, ${key} as key from user_accounts a
        where a.status <> 'deleted' ${matching(tx, filter)} ${condition}
          ${after ? tx`and (${key}, a.id) ${beyond} (${after[0]}::text::${isText ? tx`text` : tx`timestamptz`}, ${after[1]}::uuid)` : tx``}
        order by ${key} ${direction}, a.id ${direction} limit ${limit})`,
  )
  await tx`select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('max_parallel_workers_per_gather', '0', true)`
  return tx<ListedAccount[]>`
    select ${profileColumns(tx)}, ${isText ? tx`a.key` : tx`to_char(a.key at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`} as sort_key
      from (select a.* from (${pages.reduce((all, page) => tx`${all} union all ${page}`)}) a order by a.key ${direction}, a.id ${direction} limit ${limit}) a
     order by a.key ${direction}, a.id ${direction}`
}

function matching(sql: Db, { q, status }: Filter) {
  return sql`
    ${q === undefined ? sql`` : found(sql, q)}
    ${status ? inStatus(sql, status) : sql``}`
}

/** As text of the statement: planned for the status, whose indexes are partial. */
function inStatus(sql: Db, status: ListedStatus) {
  return {
    invited: sql`and a.status = 'invited'`,
    active: sql`and a.status = 'active'`,
    locked: sql`and a.status = 'locked'`,
  }[status]
}

/** Texts that contain a trigram of the index: three letters, or two at the beginning or end of a word. */
const hasTrigram = /[\p{L}\p{M}\p{N}]{2}.|[^\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}]/su
const beginsWord = /^[\p{L}\p{M}\p{N}]/u

/**
 * Finds a part of an address or a name. A text without a trigram is searched at the beginning of words only, and one without
 * letters or digits finds nobody. The database normalises the query as it did the stored text; nothing is normalised here.
 */
function found(sql: Db, q: string) {
  const asked = decodeLabels(q)
  const text = asked.normalize('NFKC')
  if (hasTrigram.test(text)) return sql`and a.search_text like '%' || search_pattern(${asked}) || '%'`
  if (!beginsWord.test(text)) return sql`and false`
  return sql`and (a.search_text like search_pattern(${asked}) || '%' or a.search_text like '% ' || search_pattern(${asked}) || '%')`
}

/** Domains are stored in Unicode; mail logs have them in punycode. */
function decodeLabels(q: string): string {
  return q.replace(/xn--[a-z0-9-]+/gi, (label) => domainToUnicode(label) || label)
}

export async function lockStatus(sql: Db, accountId: string, reason: string): Promise<void> {
  await sql`update user_accounts set status = 'locked', locked_reason = ${reason} where id = ${accountId}`
}

/** Back to what the account was before the lock: an invitation that nobody accepted waits on. */
export async function unlockStatus(sql: Db, accountId: string): Promise<void> {
  await sql`
    update user_accounts set status = case when is_invited then 'invited' else 'active' end, locked_reason = null where id = ${accountId}`
}

export type RoleHolder = { id: string; role: string; status: ListedStatus }

/** The account of an address in its one spelling. */
export async function findRoleHolder(sql: Db, email: string): Promise<RoleHolder | null> {
  const [row] = await sql<RoleHolder[]>`
    select id, role, status from user_accounts where email = ${email} and status <> 'deleted'`
  return row ?? null
}

/** @param by who answers for the role until an invitation is accepted; null: the command line */
export async function updateRole(sql: Db, accountId: string, role: string, by: string | null): Promise<void> {
  await sql`
    with answered as (update invitations set role_by = ${by}::uuid where account_id = ${accountId})
    update user_accounts set role = ${role} where id = ${accountId}`
}

export async function findLockedReason(sql: Db, accountId: string): Promise<string | null> {
  const [row] = await sql<
    { lockedReason: string | null }[]
  >`select locked_reason from user_accounts where id = ${accountId}`
  return row?.lockedReason ?? null
}

/** The account's state as stored, with what has expired. */
export async function findAuthzState(sql: Db, accountId: string): Promise<AuthzState | null> {
  const [row] = await sql<AuthzState[]>`select ${authzStateColumns(sql)} from account_authz a where a.id = ${accountId}`
  return row ?? null
}
