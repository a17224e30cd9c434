import { administratorLevel } from '../access/privilege.ts'
import type { Db } from '../db/types.ts'

/** What is due for an inactive account: the first notice, the last notice, or its erasure. */
type InactivityStep = 'first' | 'last' | 'erase'

/** A due step of an account, and the erasure date that a mail queued now names. */
export type InactiveAccount = { id: string; step: InactivityStep; eraseAt: Date }

/**
 * SQL: the last use of the account `a`. For sessions and days of usage that were deleted it is in `last_used_at` (`forget_uses`);
 * requests with API keys are in `usage_daily`.
 */
const lastUse = (sql: Db) => sql`
  greatest(a.created_at, a.last_login_at, a.last_used_at,
    (select max(last_used_at) from sessions where account_id = a.id),
    (select max(last_used_at) from api_keys where account_id = a.id),
    (select max(day + 1)::timestamp at time zone 'UTC' from usage_daily where account_id = a.id))`

/** SQL: whether the account `a` may be erased for inactivity. Invited accounts are not active; members and owners of teams are exempt. */
const mayBeInactive = (
  sql: Db,
) => sql`a.status = 'active' and a.plan = 'free' and rank_of(a.role, a.plan) < ${administratorLevel}
  and not exists (select from team_members m where m.account_id = a.id)`

/** Copies from the outbox when notices were sent; the outbox deletes its rows after 30 days. */
export async function recordSentNotices(sql: Db): Promise<void> {
  await sql`
    update inactivity_notices n set first_sent_at = m.ended_at from mail_outbox m
     where m.id = n.first_mail_id and m.status = 'sent' and n.first_sent_at is null`
  await sql`
    update inactivity_notices n set last_sent_at = m.ended_at from mail_outbox m
     where m.id = n.last_mail_id and m.status = 'sent' and n.last_sent_at is null`
}

/** Deletes notices of accounts that were used since or became exempt, and notices that were not sent within 30 days. */
export async function deleteVoidNotices(sql: Db): Promise<void> {
  await sql`
    delete from inactivity_notices n using user_accounts a
     where a.id = n.account_id
       and (not (${mayBeInactive(sql)}) or ${lastUse(sql)} >= n.first_at
            or (n.first_sent_at is null and n.first_at < clock_timestamp() - interval '720 hours')
            or (n.last_sent_at is null and n.last_at < clock_timestamp() - interval '720 hours'))`
}

/**
 * Accounts for which a step is due by the database's clock, longest unused first.
 * @param days without use until an account is erased
 * @param ids only these; null: any
 */
export function listInactive(
  sql: Db,
  days: number,
  { ids, mayErase, limit }: { ids: string[] | null; mayErase: boolean; limit: number },
): Promise<InactiveAccount[]> {
  return sql<InactiveAccount[]>`
    with used as (
      select a.id, ${lastUse(sql)} as last_use from user_accounts a
       where ${mayBeInactive(sql)} and (${ids}::uuid[] is null or a.id = any(${ids}::uuid[]))
         and greatest(a.created_at, a.last_login_at, a.last_used_at) <= clock_timestamp() - make_interval(hours => ${days}::int * 24 - 720)),
    judged as (
      select u.id, u.last_use, n.first_sent_at,
             case when n.account_id is null then 'first'
                  when n.last_mail_id is null and n.first_sent_at <= clock_timestamp() - interval '672 hours'
                       and u.last_use <= clock_timestamp() - make_interval(hours => ${days}::int * 24 - 48) then 'last'
                  when n.first_sent_at <= clock_timestamp() - interval '720 hours' and n.last_sent_at <= clock_timestamp() - interval '48 hours'
                       and n.erase_at <= clock_timestamp()
                       and u.last_use <= clock_timestamp() - make_interval(hours => ${days}::int * 24) then 'erase' end as step
        from used u left join inactivity_notices n on n.account_id = u.id
       where u.last_use <= clock_timestamp() - make_interval(hours => ${days}::int * 24 - 720))
    select id, step,
           greatest(last_use + make_interval(hours => ${days}::int * 24), first_sent_at + interval '720 hours',
                    clock_timestamp() + case step when 'first' then interval '744 hours' else interval '72 hours' end) as erase_at
      from judged where step is not null and (step <> 'erase' or ${mayErase}::boolean)
     order by last_use, id limit ${limit}`
}

/** Stores which mail is the notice: the newest of the template, queued in this transaction. */
export async function recordNotice(sql: Db, { id, step, eraseAt }: InactiveAccount): Promise<void> {
  const mail = sql`(select id from mail_outbox where account_id = ${id} and template = 'inactive-account' order by id desc limit 1)`
  if (step === 'first')
    await sql`insert into inactivity_notices (account_id, erase_at, first_mail_id) values (${id}, ${eraseAt}, ${mail})`
  else
    await sql`
      update inactivity_notices set last_mail_id = ${mail}, last_at = clock_timestamp(), erase_at = ${eraseAt} where account_id = ${id}`
}

/** The number of accounts erased for inactivity within the last 24 hours. Deletes older counts. */
export async function countErasedInDay(sql: Db): Promise<number> {
  await sql`delete from inactivity_erasures where erased_at < clock_timestamp() - interval '24 hours'`
  const [row] = await sql<{ count: number }[]>`select coalesce(sum(accounts), 0)::int as count from inactivity_erasures`
  return row?.count ?? 0
}

/** Adds to the count of the last 24 hours. */
export async function recordErased(sql: Db, accounts: number): Promise<void> {
  await sql`insert into inactivity_erasures (accounts) values (${accounts})`
}
