import type { Db } from '../db/types.ts'
import type { Claimed } from './sender-queries.ts'

/** A mail that is kept for display. */
export type KeptMail = Pick<
  Claimed,
  'id' | 'recipient' | 'language' | 'timeZone' | 'template' | 'contents' | 'link'
> & {
  createdAt: Date
}

const kept = (sql: Db) => sql`
  select m.id, m.recipient, m.language, m.template, m.contents, m.link, m.created_at, coalesce(a.timezone, 'UTC') as time_zone
    from mail_outbox m left join user_accounts a on a.id = m.account_id
   where m.recipient is not null and (m.kept or m.due_at <= clock_timestamp())`

/** Kept mails, newest first. */
export async function listKeptMails(sql: Db, limit: number): Promise<KeptMail[]> {
  return sql<KeptMail[]>`${kept(sql)} order by m.id desc limit ${limit}`
}

/** A kept mail; null where there is none of that id. Locks nothing. */
export async function findKeptMail(sql: Db, id: string): Promise<KeptMail | null> {
  const [row] = await sql<KeptMail[]>`${kept(sql)} and m.id = ${id}`
  return row ?? null
}
