import type { Db } from '../db/types.ts'

/** A row of `mail_outbox` before it is written. */
export type MailRow = {
  id: string
  messageId: string
  accountId: string | null
  to: string
  language: string
  template: string
  data: object
  link: Buffer | null
}

/** A notice before its recipient is looked up. */
export type NoticeRow = { id: string; messageId: string; accountId: string; template: string; details: object }

/** Writes a mail, due at once, where `condition` holds. */
export function mailCte(sql: Db, row: MailRow, condition = sql`true`) {
  return sql`
    mail as (
      insert into mail_outbox (id, account_id, recipient, language, template, contents, link, message_id)
      select ${row.id}::uuid, ${row.accountId}::uuid, ${row.to}::text, ${row.language}::text, ${row.template}::text,
             ${JSON.stringify(row.data)}::text::jsonb, ${row.link}::bytea, ${row.messageId}::text
       where ${condition}
      returning id)`
}

/**
 * Writes a notice where `condition` holds: due at once, or 10 minutes after the last one of its kind. A notice that is
 * not yet claimed gets the event added; of concurrent first ones a unique index lets one through. A concurrent change
 * of the address is waited for: it ends the notices that are gathered for the old one. The rules of notices are in
 * sql/functions/mail.sql.
 */
export function noticeCte(sql: Db, row: NoticeRow, condition = sql`true`, name = 'notice') {
  return sql`
    ${sql(name)} as (
      insert into mail_outbox as m (id, account_id, recipient, language, template, is_notice, contents, message_id, due_at)
      select ${row.id}::uuid, a.id, a.email, a.language, ${row.template}::text, true,
             jsonb_build_object('events', jsonb_build_array(jsonb_build_object('at', clock_timestamp()) || ${JSON.stringify(row.details)}::text::jsonb)),
             ${row.messageId}::text, notice_due_at(a.id, ${row.template}::text)
        from user_accounts a
       where a.id = ${row.accountId}::uuid and takes_notice(a, ${row.template}::text) and ${condition}
         for key share of a
      on conflict (account_id, template) where is_notice and status = 'queued' and attempts = 0
      do update set contents = add_notice_event(m.contents, excluded.contents -> 'events' -> 0)
      returning m.id)`
}

/** Queues a notice of one event for each account. Its Message-ID is assigned when it is sent. */
export async function queueNotices(sql: Db, accountIds: string[], template: string, details: object): Promise<void> {
  await sql`
    select queue_notice(id, ${template}, jsonb_build_object('at', clock_timestamp()) || ${JSON.stringify(details)}::text::jsonb)
      from unnest(${accountIds}::uuid[]) id`
}
