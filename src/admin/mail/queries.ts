import type { Db } from '../../db/types.ts'

export type MailStatus = 'queued' | 'sent' | 'failed'
/** The part of a mail that administrators see: neither its content nor the address, nor its link. */
export type MailItem = {
  id: string
  accountId: string | null
  template: string
  status: MailStatus
  attempts: number
  lastError: string | null
  createdAt: Date
  dueAt: Date
  endedAt: Date | null
}

/** Mails, newest first. */
export async function listMails(
  sql: Db,
  status: MailStatus | undefined,
  limit: number,
  before: string | null,
): Promise<MailItem[]> {
  return sql<MailItem[]>`
    select id, account_id, template, status, attempts, last_error, created_at, due_at, ended_at from mail_outbox
     where true ${status ? sql`and status = ${status}` : sql``} ${before ? sql`and id < ${before}::uuid` : sql``}
     order by id desc limit ${limit}`
}

type Found = { accountId: string | null; status: MailStatus; isEmpty: boolean }

/** A mail, locked until the transaction ends. */
export async function lockMail(tx: Db, id: string): Promise<Found | null> {
  const [row] = await tx<Found[]>`
    select account_id, status, recipient is null as is_empty from mail_outbox where id = ${id} for update`
  return row ?? null
}

/** Makes a mail due at once and for another day, unless it is being sent now. */
export async function requeueMail(tx: Db, id: string): Promise<void> {
  await tx`
    with queued as (
      update mail_outbox
         set status = 'queued', ended_at = null, leased_until = null, due_at = clock_timestamp(), attempts = greatest(attempts, 1),
             give_up_at = clock_timestamp() + interval '24 hours'
       where id = ${id} and (leased_until is null or leased_until <= clock_timestamp()) returning 1)
    select pg_notify('mail_outbox', '') from queued`
}
