import type { Db } from '../db/types.ts'
import type { Offer } from './invitation-letter.ts'

/** The account of an address. */
export type Owner = { id: string; language: string }

/** The active account of an address; with `unverified` only one whose address is not verified yet. */
export async function findOwner(sql: Db, email: string, { unverified = false } = {}): Promise<Owner | null> {
  const [row] = await sql<Owner[]>`
    select id, language from user_accounts where email = ${email} and status = 'active' and (not ${unverified} or email_verified_at is null)`
  return row ?? null
}

/** The account that a password reset is requested for; `invitation`: a pending one, else null. */
type Recoverable = Owner & { invitation: (Offer & { hoursLeft: number }) | null }

/**
 * The account of an address that is active, or invited with at least an hour before it is erased. `hoursLeft`: whole
 * hours for which the invitation can be accepted, at most 7 days.
 */
export async function findRecoverable(sql: Db, email: string): Promise<Recoverable | null> {
  const [row] = await sql<(Owner & { hoursLeft: number | null } & Offer)[]>`
    select a.id, a.language, a.role, i.plan, b.first_name as inviter_first_name, b.last_name as inviter_last_name,
           case when i.account_id is not null then
             least(168, floor(extract(epoch from i.invited_at + interval '720 hours' - clock_timestamp()) / 3600))::int end as hours_left
      from user_accounts a
      left join (invitations i join user_accounts b on b.id = i.invited_by) on i.account_id = a.id and a.status = 'invited'
     where a.email = ${email} and (a.status = 'active' or i.invited_at > clock_timestamp() - interval '29 days 23 hours')`
  if (!row) return null
  const { id, language, hoursLeft, ...offer } = row
  return { id, language, invitation: hoursLeft === null ? null : { ...offer, hoursLeft } }
}

/**
 * Sets a new password. Log-ins in progress, device tokens and verifications of the old one are refused from then on.
 */
export async function updatePassword(sql: Db, accountId: string, hash: string): Promise<void> {
  await sql`
    update user_accounts set password_hash = ${hash}, password_version = password_version + 1,
           email_verified_at = coalesce(email_verified_at, clock_timestamp())
     where id = ${accountId}`
}

/** Marks the address as verified, unless it was before. */
export async function markVerified(sql: Db, accountId: string): Promise<void> {
  await sql`update user_accounts set email_verified_at = clock_timestamp() where id = ${accountId} and email_verified_at is null`
}

/** Sets the address of an account. The unique constraint refuses one that another account has. */
export async function updateEmail(sql: Db, accountId: string, email: string): Promise<void> {
  await sql`update user_accounts set email = ${email}, email_verified_at = clock_timestamp() where id = ${accountId}`
}

/** Ends lockouts and deletes their failures. */
export async function deleteCounters(sql: Db, keys: Buffer[]): Promise<void> {
  await sql`delete from lockouts where key in ${sql(keys)}`
}

/** Serialises requests about one address until the transaction ends. */
export async function lockAddress(sql: Db, email: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${email}, 0))`
}

/** The relation of an account to a requested address. */
type Standing = {
  email: string
  language: string
  /** The account that has the address, or gave it up and may take it back; null: none. */
  ownerId: string | null
  /** Unused links to the address, of all accounts. */
  pending: number
}

/**
 * The relation of an account, whose row is locked, to the address that it requests; null where there is no such
 * account.
 */
export async function findStanding(sql: Db, accountId: string, wanted: string): Promise<Standing | null> {
  const [row] = await sql<Standing[]>`
    select a.email, a.language,
           coalesce((select id from user_accounts where email = ${wanted}),
                    (select account_id from account_links where kind = 'undo-email' and email = ${wanted} and account_id <> a.id
                        and expires_at > clock_timestamp() limit 1)) as owner_id,
           (select count(*)::int from account_links where kind = 'confirm-email' and email = ${wanted} and expires_at > clock_timestamp()) as pending
      from user_accounts a where a.id = ${accountId}`
  return row ?? null
}
