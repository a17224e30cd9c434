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

/** Events that a notice lists; those after them are only counted. */
const mostEvents = 20

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
 * Writes a notice where `condition` holds: due at once, or 10 minutes after the last one of its kind. One that nobody took yet
 * gets the event added: of parallel first ones a row's unique place makes one. A change of the address under way is waited
 * for: it ends what is gathered for the old one (sql/functions/mail.sql). Whoever has not accepted an invitation hears only that
 * they tried to register: the invitation says the rest.
 */
export function noticeCte(sql: Db, row: NoticeRow, condition = sql`true`) {
  return sql`
    notice as (
      insert into mail_outbox as m (id, account_id, recipient, language, template, is_notice, contents, message_id, due_at)
      select ${row.id}::uuid, a.id, a.email, a.language, ${row.template}::text, true,
             jsonb_build_object('events', jsonb_build_array(jsonb_build_object('at', clock_timestamp()) || ${JSON.stringify(row.details)}::text::jsonb)),
             ${row.messageId}::text,
             coalesce((select greatest(max(least(o.due_at, clock_timestamp())) + interval '10 minutes', clock_timestamp()) from mail_outbox o
                        where o.account_id = a.id and o.template = ${row.template}::text and o.is_notice), clock_timestamp())
        from user_accounts a
       where a.id = ${row.accountId}::uuid and a.email is not null and a.email_undeliverable_at is null
         and (not a.is_invited or ${row.template}::text = 'registration-attempted') and ${condition}
         for key share of a
      on conflict (account_id, template) where is_notice and status = 'queued' and attempts = 0 do update
        set contents = case when jsonb_array_length(m.contents -> 'events') < ${mostEvents}::int
                        then jsonb_set(m.contents, '{events}', (m.contents -> 'events') || (excluded.contents -> 'events'))
                        else jsonb_set(m.contents, '{more}', to_jsonb(coalesce((m.contents ->> 'more')::int, 0) + 1)) end
      returning m.id)`
}
