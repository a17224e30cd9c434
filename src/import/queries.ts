import type { Db } from '../db/types.ts'
import type { NewAccount } from './accounts.ts'

/** The outcome of an account: inserted, its address already has an account, or one of its times is not allowed. */
export type Outcome = 'inserted' | 'taken' | 'created-ahead' | 'plan-over'

/** The roles of a list that may be assigned, locked against edits for the rest of the transaction. */
export async function lockLiveRoles(sql: Db, names: string[]): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select name from roles where name = any(${names}::text[]) and retired_at is null order by name for share`
  return rows.map(({ name }) => name)
}

/**
 * Inserts accounts and their subscriptions (free, or granted by the command line) in one statement, in the order of
 * their addresses, so that two imports cannot deadlock. The database decides whether an address is taken, also by
 * concurrent registrations, and whether a time is in the future.
 * @param accounts in the order of their ids: of two with one address the first is inserted
 */
export async function insertAccounts(sql: Db, accounts: NewAccount[]): Promise<{ id: string; outcome: Outcome }[]> {
  return sql<{ id: string; outcome: Outcome }[]>`
    with line as materialized (
      select l.*, clock_timestamp() as read_at, exists (select from user_accounts a where a.email = l.email) as taken
        from json_to_recordset(${JSON.stringify(accounts)}::text::json) as l(
          id uuid, email text, "passwordHash" text, "emailVerified" boolean, "firstName" text, "lastName" text, "phoneNumber" text,
          language text, timezone text, role text, status text, "createdAt" timestamptz, "subscriptionId" uuid, plan text, "planEndsAt" timestamptz)),
    inserted as (
      insert into user_accounts (id, email, password_hash, email_verified_at, first_name, last_name, phone_number, language, timezone, role,
                                 status, locked_reason, created_at, plan, plan_ends_at)
      select id, email, "passwordHash", case when "emailVerified" then read_at end, "firstName", "lastName", "phoneNumber", language, timezone, role,
             status, case status when 'locked' then 'Locked before the import' end, coalesce("createdAt", read_at), plan, "planEndsAt"
        from line
       where not taken and coalesce("createdAt" <= read_at, true) and coalesce("planEndsAt" > read_at, true)
       order by email, id
      on conflict (email) do nothing
      returning id),
    subscription as (
      insert into user_subscriptions (id, account_id, plan, status, current_period_end, reason)
      select "subscriptionId", id, plan, 'active', "planEndsAt", case when plan <> 'free' then 'Imported' end from line join inserted using (id))
    select line.id,
           case when inserted.id is not null then 'inserted' when "createdAt" > read_at then 'created-ahead'
                -- A plan may have run out since the run that made the account.
                when not taken and "planEndsAt" <= read_at then 'plan-over' else 'taken' end as outcome
      from line left join inserted on inserted.id = line.id`
}
