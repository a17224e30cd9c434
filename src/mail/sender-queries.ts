import type { Db } from '../db/types.ts'

/** A mail that this instance may send until its lease ends. */
export type Claimed = {
  id: string
  accountId: string | null
  recipient: string
  language: string
  timeZone: string
  template: string
  isNotice: boolean
  contents: unknown
  link: Buffer | null
  messageId: string
  attempts: number
  /** Seconds since it was queued. */
  ageSeconds: number
  /** The account was erased: the mail is not sent. */
  isErased: boolean
  /** The address refused mail, and the recipient did not request this one. */
  isUnwanted: boolean
}

/**
 * Claims up to `limit` due mails that are not being sent. If this instance dies, the lease ends and the mail is sent
 * again, under the same Message-ID.
 * @param domain of the Message-ID that a notice of the schema gets here
 */
export async function claimMails(
  sql: Db,
  { limit, leaseSeconds, domain }: { limit: number; leaseSeconds: number; domain: string },
): Promise<Claimed[]> {
  return sql<Claimed[]>`
    with due as (
      select id from mail_outbox
       where status = 'queued' and due_at <= clock_timestamp() and (leased_until is null or leased_until <= clock_timestamp())
       order by due_at limit ${limit} for update skip locked),
    claimed as (
      update mail_outbox m set attempts = m.attempts + 1, leased_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}::int),
             message_id = coalesce(m.message_id, '<' || m.id || '@' || ${domain}::text || '>')
        from due where m.id = due.id
      returning m.id, m.account_id, m.recipient, m.language, m.template, m.is_notice, m.contents, m.link, m.message_id, m.attempts,
                extract(epoch from clock_timestamp() - m.created_at)::float8 as age_seconds)
    select m.*, coalesce(a.timezone, 'UTC') as time_zone, coalesce(a.status = 'deleted', false) as is_erased,
           m.is_notice and a.email_undeliverable_at is not null and a.email = m.recipient as is_unwanted
      from claimed m left join user_accounts a on a.id = m.account_id`
}

/** One attempt. Its outcome does not change a later attempt of another instance. */
type Attempt = Pick<Claimed, 'id' | 'attempts' | 'accountId' | 'recipient'>

/** Marks a mail as delivered: removes its content, and unmarks the address. `kept`: in development the content stays. */
export async function markSent(sql: Db, { id, accountId, recipient }: Attempt, kept: boolean): Promise<void> {
  await sql`
    with sent as (
      update mail_outbox
         set status = 'sent', ended_at = clock_timestamp(), leased_until = null, last_error = null, kept = ${kept}::boolean,
             recipient = case when ${kept}::boolean then recipient end, link = case when ${kept}::boolean then link end,
             contents = case when ${kept}::boolean then contents else '{}' end
       where id = ${id} and status = 'queued' returning 1)
    update user_accounts set email_undeliverable_at = null
     where id = ${accountId}::uuid and email = ${recipient} and email_undeliverable_at is not null and exists (select from sent)`
}

/**
 * Schedules the next attempt in so many seconds, or marks the mail as failed a day after it was queued.
 * @returns whether it has failed
 */
export async function postpone(
  sql: Db,
  { id, attempts }: Attempt,
  afterSeconds: number,
  error: string,
): Promise<boolean> {
  const [row] = await sql<{ failed: boolean }[]>`
    update mail_outbox
       set leased_until = null, last_error = ${error},
           due_at = case when give_up_at > clock_timestamp() then clock_timestamp() + make_interval(secs => ${afterSeconds}) else due_at end,
           status = case when give_up_at > clock_timestamp() then 'queued' else 'failed' end,
           ended_at = case when give_up_at > clock_timestamp() then null else clock_timestamp() end
     where id = ${id} and status = 'queued' and attempts = ${attempts}
    returning status = 'failed' as failed`
  return row?.failed ?? false
}

/**
 * Ends the retries of a mail. `marks`: marks the address as refusing mail; it gets no notices until another mail is
 * delivered to it.
 */
export async function markFailed(
  sql: Db,
  { id, attempts, accountId, recipient }: Attempt,
  error: string,
  marks: boolean,
): Promise<void> {
  await sql`
    with failed as (
      update mail_outbox set status = 'failed', ended_at = clock_timestamp(), leased_until = null, last_error = ${error}
       where id = ${id} and status = 'queued' and attempts = ${attempts} returning 1)
    update user_accounts set email_undeliverable_at = clock_timestamp()
     where ${marks}::boolean and id = ${accountId}::uuid and email = ${recipient} and exists (select from failed)`
}

/** Deletes a mail of an erased account. */
export async function deleteMail(sql: Db, id: string): Promise<void> {
  await sql`delete from mail_outbox where id = ${id}`
}

/**
 * Deletes mails that the schema queued where mail is off; the server itself queues none there.
 * @returns how many there were
 */
export async function deleteUnsendable(sql: Db): Promise<number> {
  const { count } = await sql`delete from mail_outbox where status = 'queued' and message_id is null`
  return count
}

/** Ends the leases of unsent mails, so that other instances can send them at once. */
export async function releaseMails(sql: Db, ids: string[]): Promise<void> {
  await sql`update mail_outbox set leased_until = null where id = any(${ids}::uuid[]) and status = 'queued'`
}

/** The length of the queue, the age of its oldest mail in seconds, and how many mails failed. */
export async function findQueue(sql: Db): Promise<{ queued: number; failed: number; oldestSeconds: number }> {
  const [row] = await sql<{ queued: number; failed: number; oldestSeconds: number }[]>`
    select count(*) filter (where status = 'queued')::int as queued, count(*) filter (where status = 'failed')::int as failed,
           greatest(0, coalesce(extract(epoch from clock_timestamp() - min(created_at) filter (where status = 'queued')), 0))::float8 as oldest_seconds
      from mail_outbox where status in ('queued', 'failed')`
  return row ?? { queued: 0, failed: 0, oldestSeconds: 0 }
}
