import { type AuditRow, auditCtes } from '../audit/record.ts'
import { agreedCtes, toAgreements } from '../consents/agreed-ctes.ts'
import type { Agreed } from '../consents/schemas.ts'
import type { Db } from '../db/types.ts'

export type NewAccount = {
  id: string
  email: string
  /** Null: an account without a password, which signs in by another method. */
  passwordHash: string | null
  firstName: string | null
  lastName: string | null
  phoneNumber: string | null
  language: string
  timezone: string
  role: string
  agreed: readonly Agreed[]
}

/** Inserts the account and its free subscription in one statement; with an audit row unless that of its first session covers both. */
export async function insertAccount(sql: Db, account: NewAccount, audit?: AuditRow): Promise<void> {
  await sql`
    with account as (
      insert into user_accounts ${newAccount(sql, account)} returning id),
    ${agreedCtes(sql, account.agreed)}
    ${audit ? sql`${auditCtes(sql, audit)},` : sql``}
    ${freeSubscription(sql)}
    select 1`
}

/**
 * Inserts the account if the address is free; otherwise does the same work and undoes it, so that the duration does not
 * reveal which.
 * @returns whether it was inserted
 * @throws the unique violation of `user_accounts_email_key` while the address is reserved for the account that gave it
 *   up
 */
export async function insertAccountIfFree(sql: Db, account: NewAccount, audit: AuditRow): Promise<boolean> {
  const { agreed, ...columns } = account
  const pretended = JSON.stringify({ ...columns, consents: toAgreements(agreed) })
  const [row] = await sql<{ isNew: boolean }[]>`
    with account as (
      insert into user_accounts ${newAccount(sql, account)} on conflict (email) do nothing returning id),
    ${agreedCtes(sql, agreed)}
    ${auditCtes(sql, audit, sql`exists (select from account)`)},
    ${freeSubscription(sql)}
    select is_new, pretend_account(${pretended}::text::jsonb, is_new) from (select exists (select from account) as is_new) made`
  return row?.isNew ?? false
}

const newAccount = (sql: Db, { agreed, ...account }: NewAccount) =>
  sql(
    { ...account, consents: toAgreements(agreed) },
    'id',
    'email',
    'passwordHash',
    'firstName',
    'lastName',
    'phoneNumber',
    'language',
    'timezone',
    'role',
    'consents',
  )

const freeSubscription = (sql: Db) => sql`
  subscription as (
    insert into user_subscriptions (id, account_id, plan, status) select ${Bun.randomUUIDv7()}::uuid, id, 'free', 'active' from account)`

/** The id of the account that has an address, whatever its status; null where none has it. */
export async function findAddressOwner(sql: Db, email: string): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`select id from user_accounts where email = ${email}`
  return row?.id ?? null
}

/** Marks an account's address as verified. */
export async function markVerified(sql: Db, accountId: string): Promise<void> {
  await sql`update user_accounts set email_verified_at = clock_timestamp() where id = ${accountId}`
}
