import type { Db } from '../../db/types.ts'
import type { Offer } from '../../recovery/invitation-letter.ts'

type InvitedAccount = {
  id: string
  email: string
  firstName: string | null
  lastName: string | null
  language: string
  role: string
  plan: string | null
}

/**
 * Inserts the account without a password, its free subscription, and the invitation. The unique constraint refuses a
 * taken address.
 */
export async function insertInvited(sql: Db, { plan, ...account }: InvitedAccount, invitedBy: string): Promise<void> {
  await sql`
    with account as (
      insert into user_accounts ${sql({ ...account, status: 'invited', isInvited: true })} returning id),
    subscription as (
      insert into user_subscriptions (id, account_id, plan, status) select ${Bun.randomUUIDv7()}::uuid, id, 'free', 'active' from account)
    insert into invitations (account_id, invited_by, role_by, plan) select id, ${invitedBy}::uuid, ${invitedBy}::uuid, ${plan}::text from account`
}

/** A pending invitation, with the values of its mail. */
export type Invitation = Offer & {
  email: string
  language: string
  /**
   * The administrators whose rights acceptance checks: `invitedBy` for the plan, `roleBy` for the role (null: the
   * command line).
   */
  invitedBy: string
  roleBy: string | null
}

/** A pending invitation; null where the account accepted, was never invited, or is erased. */
export async function findInvitation(sql: Db, accountId: string): Promise<Invitation | null> {
  const [row] = await sql<Invitation[]>`
    select a.email, a.language, a.role, i.plan, i.invited_by, i.role_by, b.first_name as inviter_first_name, b.last_name as inviter_last_name
      from invitations i join user_accounts a on a.id = i.account_id join user_accounts b on b.id = i.invited_by
     where i.account_id = ${accountId}`
  return row ?? null
}

/** Replaces the inviter, and begins the 30 days anew. */
export async function renewInvitation(sql: Db, accountId: string, invitedBy: string): Promise<void> {
  await sql`
    update invitations set invited_by = ${invitedBy}, role_by = ${invitedBy}, invited_at = clock_timestamp() where account_id = ${accountId}`
}

/** The address and language of mails to an account. */
export async function findMailbox(sql: Db, accountId: string): Promise<{ email: string; language: string } | null> {
  const [row] = await sql<
    { email: string; language: string }[]
  >`select email, language from user_accounts where id = ${accountId} and status <> 'deleted'`
  return row ?? null
}

/** Whether a plan exists and is not retired. Locks it against edits for the rest of the transaction. */
export async function isLivePlan(sql: Db, plan: string): Promise<boolean> {
  const rows = await sql`select 1 from subscription_plans where name = ${plan} and retired_at is null for share`
  return rows.length === 1
}

/** Activates an invited account: sets the password and marks the address verified. */
export async function activate(
  sql: Db,
  accountId: string,
  { role, passwordHash }: { role: string; passwordHash: string },
): Promise<void> {
  await sql`
    with accepted as (delete from invitations where account_id = ${accountId})
    update user_accounts set status = 'active', is_invited = false, role = ${role}, password_hash = ${passwordHash},
           password_version = password_version + 1, email_verified_at = clock_timestamp()
     where id = ${accountId}`
}

/** Invited accounts whose last invitation is 30 days old, by id. */
export async function listForgottenInvitations(sql: Db, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from (
      select i.account_id as id from invitations i join user_accounts a on a.id = i.account_id
       where i.invited_at <= clock_timestamp() - interval '720 hours' and a.status = 'invited'
       order by i.invited_at limit ${limit}) oldest
     order by id`
  return rows.map(({ id }) => id)
}

/** The accounts, whose rows are locked, with an invitation that is 30 days old. */
export async function listStillForgotten(sql: Db, ids: string[]): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select account_id as id from invitations join user_accounts a on a.id = account_id
     where account_id = any(${ids}::uuid[]) and invited_at <= clock_timestamp() - interval '720 hours' and a.status = 'invited'`
  return rows.map(({ id }) => id)
}
