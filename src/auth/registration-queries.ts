import { type AuditRow, auditCtes } from '../audit/record.ts'
import { agreedCtes, toAgreements } from '../consents/agreed-ctes.ts'
import type { Agreed } from '../consents/schemas.ts'
import type { Db } from '../db/types.ts'

export type NewAccount = {
  id: string
  email: string
  /** Null: an account that another way to sign in opens. */
  passwordHash: string | null
  firstName: string | null
  lastName: string | null
  phoneNumber: string | null
  language: string
  timezone: string
  role: string
  agreed: readonly Agreed[]
}

/** The account and its free subscription, with the audit row where no session's will tell of it, in one statement. */
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
 * The same where nobody has the address, or may take it back; else the same work, which is undone.
 * @returns whether it was made
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

/** Whose an address is, whatever the state of the account. */
export async function findAddressOwner(sql: Db, email: string): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`select id from user_accounts where email = ${email}`
  return row?.id ?? null
}

/** Counts an address as proved: of an account that whoever runs the service made. */
export async function markVerified(sql: Db, accountId: string): Promise<void> {
  await sql`update user_accounts set email_verified_at = clock_timestamp() where id = ${accountId}`
}
