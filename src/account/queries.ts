import { type AuditRow, auditCtes } from '../audit/record.ts'
import { profileColumns, type StoredAccount } from '../auth/account.ts'
import { prepare } from '../db/prepared.ts'
import type { Db } from '../db/types.ts'

const selectAccount = prepare<{ accountId: string }, Omit<StoredAccount, 'overrides'>>(
  (value) =>
    `select ${profileColumns} from user_accounts a where a.id = ${value('accountId')} and a.status <> 'deleted'`,
)

/** The account, with what its profile shows; null when it does not exist or was erased. Locks nothing. */
export async function findAccount(sql: Db, accountId: string): Promise<Omit<StoredAccount, 'overrides'> | null> {
  const [row] = await selectAccount(sql, { accountId })
  return row ?? null
}

/** The fields that a person may change. */
export type Profile = {
  firstName: string | null
  lastName: string | null
  phoneNumber: string | null
  language: string
  timezone: string
}

/** The profile of an account, whose row it locks; null when it was erased. */
export async function lockProfile(sql: Db, accountId: string): Promise<Profile | null> {
  const [row] = await sql<Profile[]>`
    select first_name, last_name, phone_number, language, timezone from user_accounts
     where id = ${accountId} and status <> 'deleted' for no key update`
  return row ?? null
}

/** Writes all fields of a profile, whose row `lockProfile` has locked. */
export async function updateProfile(sql: Db, accountId: string, profile: Profile): Promise<void> {
  await sql`update user_accounts set ${sql(profile, 'firstName', 'lastName', 'phoneNumber', 'language', 'timezone')} where id = ${accountId}`
}

/** Writes an audit row of an active account. Waits for a concurrent erasure. @returns false where the account is not active */
export async function insertOwnAudit(sql: Db, accountId: string, row: AuditRow): Promise<boolean> {
  const rows = await sql`
    with account as materialized (
      select id from user_accounts where id = ${accountId} and status = 'active' for key share),
    ${auditCtes(sql, row, sql`exists (select from account)`)}
    select from account`
  return rows.length === 1
}

type UsageSum = { key: string; requests: number }

/** An account's requests between two days (both included), summed by day, by week (its Monday) or by route. */
export async function listUsage(
  sql: Db,
  accountId: string,
  from: string,
  to: string,
  groupBy: 'day' | 'week' | 'route',
): Promise<UsageSum[]> {
  const key = { day: sql`day::text`, week: sql`date_trunc('week', day::timestamp)::date::text`, route: sql`route` }[
    groupBy
  ]
  return sql<UsageSum[]>`
    select ${key} as key, sum(requests)::float8 as requests from usage_daily
     where account_id = ${accountId} and day between ${from}::date and ${to}::date
     group by 1 order by 1`
}

type SignInDay = { day: string; succeeded: number; failed: number }

/** The date of a moment in the person's time zone, and that time zone. UTC for an account that does not exist. */
export async function findToday(sql: Db, accountId: string, at: Date): Promise<{ today: string; timezone: string }> {
  const [row] = await sql<{ today: string; timezone: string }[]>`
    select local_day(${at}::timestamptz, timezone)::text as today, timezone from user_accounts where id = ${accountId}`
  return row ?? { today: at.toISOString().slice(0, 10), timezone: 'UTC' }
}

/** Sign-ins by day of a time zone, from `from` on. */
export async function listSignInsByDay(
  sql: Db,
  accountId: string,
  from: string,
  timezone: string,
): Promise<SignInDay[]> {
  return sql<SignInDay[]>`
    select local_day(at, ${timezone})::text as day, count(*) filter (where outcome = 'succeeded')::int as succeeded,
           count(*) filter (where outcome = 'failed')::int as failed
      from login_attempts where account_id = ${accountId} and at >= local_midnight(${from}::date, ${timezone})
     group by 1 order by 1`
}

export type SignIn = { at: Date; outcome: 'succeeded' | 'failed'; ipAddress: string | null }

/** The latest sign-ins and failed attempts, newest first. */
export async function listLastSignIns(sql: Db, accountId: string, limit: number): Promise<SignIn[]> {
  return sql<SignIn[]>`
    select at, outcome, ip_address from login_attempts where account_id = ${accountId} order by at desc limit ${limit}`
}

export type Usage = { today: number; month: number; liveSessions: number }

/** Requests today and this month, in the person's time zone, and live sessions. */
export async function findUsage(sql: Db, accountId: string, at: Date): Promise<Usage> {
  const [row] = await sql<Usage[]>`
    with now as (select local_day(${at}::timestamptz, timezone) as today from user_accounts where id = ${accountId})
    select coalesce(sum(requests) filter (where day = today), 0)::float8 as today, coalesce(sum(requests), 0)::float8 as month,
           (select count(*)::int from sessions where account_id = ${accountId} and ended_at is null and expires_at > clock_timestamp()) as live_sessions
      from now join usage_daily on account_id = ${accountId} and day between date_trunc('month', today::timestamp)::date and today`
  return row ?? { today: 0, month: 0, liveSessions: 0 }
}

export type AuditItem = {
  id: string
  at: Date
  action: string
  entityType: string
  entityId: string | null
  requestId: string | null
  details: Record<string, unknown>
  ipAddress: string | null
  userAgent: string | null
}

/** The audit rows by and about an account, newest first. IP address and user agent of other actors are left out. */
export async function listOwnAudit(
  sql: Db,
  accountId: string,
  limit: number,
  before: string | null,
): Promise<AuditItem[]> {
  return sql<AuditItem[]>`
    select l.id, l.at, l.action, l.entity_type, l.entity_id, l.request_id, l.details, p.data ->> 'ip' as ip_address, p.data ->> 'userAgent' as user_agent
      from ((select id from audit_logs where actor_id = ${accountId} and (${before}::uuid is null or id < ${before}::uuid) order by id desc limit ${limit})
            union
            (select id from audit_logs where entity_type = 'account' and entity_id = ${accountId}::text and (${before}::uuid is null or id < ${before}::uuid)
              order by id desc limit ${limit})
            order by id desc limit ${limit}) own
      join audit_logs l using (id)
      left join audit_personal p on p.audit_id = l.id and coalesce(p.account_id, ${accountId}) = ${accountId} and coalesce(l.actor_id, ${accountId}) = ${accountId}
     order by l.id desc`
}
