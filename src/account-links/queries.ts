import { randomBytes } from 'node:crypto'
import type { AccountStatus } from '../access/rights.ts'
import type { Db, Fragment } from '../db/types.ts'

export type LinkKind = 'verify-email' | 'reset-password' | 'confirm-email' | 'undo-email' | 'accept-invitation'

type Row = {
  accountId: string
  kind: LinkKind
  email: string
  hash: Buffer
  ttlSeconds: number
  data: Record<string, unknown>
}

/**
 * The slot of a new link: the lowest of three without a live link of the kind; for `undo-email`, which has no bound,
 * the next after the last.
 */
function freeSlot(sql: Db, account: Fragment, kind: LinkKind) {
  return kind === 'undo-email'
    ? sql`(select coalesce(max(slot), 0) + 1 from account_links where account_id = ${account} and kind = ${kind})`
    : sql`(select min(n) from generate_series(1, 3) n where not exists (
             select from account_links where account_id = ${account} and kind = ${kind} and slot = n and expires_at > clock_timestamp()))`
}

/** An expired link's slot is free. Of two inserts into one slot at once, one makes nothing. */
const intoExpired = (sql: Db) => sql`
  on conflict (account_id, kind, slot) do update
    set token_hash = excluded.token_hash, email = excluded.email, data = excluded.data, created_at = excluded.created_at, expires_at = excluded.expires_at
    where l.expires_at <= clock_timestamp()`

/** Inserts a link. @returns false where three links of the kind are live */
export async function insertLink(sql: Db, { accountId, kind, email, hash, ttlSeconds, data }: Row): Promise<boolean> {
  const rows = await sql`
    insert into account_links as l (account_id, kind, slot, token_hash, email, data, expires_at)
    select ${accountId}::uuid, ${kind}, free.slot, ${hash}::bytea, ${email}, ${JSON.stringify(data)}::text::jsonb, clock_timestamp() + make_interval(secs => ${ttlSeconds})
      from (select ${freeSlot(sql, sql`${accountId}::uuid`, kind)} as slot) free where free.slot is not null
    ${intoExpired(sql)}
    returning 1`
  return rows.length === 1
}

/** Size of a filler row: about that of a link or a mail. */
const fillerBytes = 300

type NewMailedLink = Omit<Row, 'data' | 'accountId'> & {
  accountId: string | null
  /** Filler rows to write where no link is made. */
  fillers: number
}

/**
 * `insertLink` and its mail (the CTE `mail`), for an account that has the address and is active, or invited for an
 * invitation; where no link is made, rows of random bytes instead. Waits for a concurrent erasure of the account.
 */
export async function insertMailedLink(
  sql: Db,
  { accountId, kind, email, hash, ttlSeconds, fillers }: NewMailedLink,
  mail: Fragment,
): Promise<void> {
  await sql`
    with owner as materialized (
      select id from user_accounts where id = ${accountId}::uuid and email = ${email}
         and status = ${kind === 'accept-invitation' ? 'invited' : 'active'} for key share),
    link as (
      insert into account_links as l (account_id, kind, slot, token_hash, email, expires_at)
      select o.id, ${kind}, free.slot, ${hash}::bytea, ${email}::text, clock_timestamp() + make_interval(secs => ${ttlSeconds})
        from owner o cross join lateral (select ${freeSlot(sql, sql`o.id`, kind)} as slot) free
       where free.slot is not null
      ${intoExpired(sql)}
      returning l.account_id),
    ${mail},
    discarded as (
      insert into discarded_requests (id, filler)
      select gen_random_uuid(), ${randomBytes(fillerBytes)}::bytea from generate_series(1, ${fillers}::int) where not exists (select from link))
    select case when not exists (select from link) then pg_notify('mail_outbox', '') end`
}

/** The owner of a link, with the words that a new password must not contain. */
export type LinkOwner = { accountId: string; email: string; firstName: string | null; lastName: string | null }

/** The owner of a live link; null where the token is unknown, expired or of another kind. Locks nothing. */
export async function findLinkOwner(sql: Db, kind: LinkKind, hash: Buffer): Promise<LinkOwner | null> {
  const [row] = await sql<LinkOwner[]>`
    select l.account_id, l.email, a.first_name, a.last_name from account_links l join user_accounts a on a.id = l.account_id
     where l.token_hash = ${hash} and l.kind = ${kind} and l.expires_at > clock_timestamp()`
  return row ?? null
}

/** A link that was just used, with its account as it is under the lock. */
export type ConsumedLink = {
  accountId: string
  /** The address that it proves; of `undo-email` the one that it restores. */
  email: string
  data: Record<string, unknown>
  createdAt: Date
  account: {
    email: string | null
    emailVerified: boolean
    status: AccountStatus
    firstName: string | null
    lastName: string | null
    language: string
    role: string
  }
}

/**
 * Deletes a live link and the others of its kind; of `undo-email` those of later changes. Null where there is no such
 * link. The caller has locked the account's row.
 */
export async function deleteLiveLink(sql: Db, kind: LinkKind, hash: Buffer): Promise<ConsumedLink | null> {
  const [row] = await sql<(Omit<ConsumedLink, 'account'> & ConsumedLink['account'] & { linkEmail: string })[]>`
    with used as (
      delete from account_links where token_hash = ${hash} and kind = ${kind} and expires_at > clock_timestamp()
      returning account_id, slot, email, data, created_at),
    voided as (
      delete from account_links l using used
       where l.account_id = used.account_id and l.kind = ${kind} and l.slot <> used.slot and (${kind} <> 'undo-email' or l.slot > used.slot))
    select used.account_id, used.email as link_email, used.data, used.created_at, a.email, a.email_verified_at is not null as email_verified,
           a.status, a.first_name, a.last_name, a.language, a.role
      from used join user_accounts a on a.id = used.account_id`
  if (!row) return null
  const { accountId, linkEmail, data, createdAt, ...account } = row
  return { accountId, email: linkEmail, data, createdAt, account }
}

/** Deletes all links of an account of these kinds. The caller has locked the account's row. */
export async function deleteLinks(sql: Db, accountId: string, kinds: readonly LinkKind[]): Promise<void> {
  await sql`delete from account_links where account_id = ${accountId} and kind = any(${kinds as LinkKind[]})`
}
