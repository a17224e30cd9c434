import { expect } from 'bun:test'
import type { TestApp } from './app.ts'

export type Mail = {
  id: string
  to: string
  template: string
  contents: { events?: Record<string, unknown>[] } & Record<string, unknown>
  /** Where it leads to, with its token; null where it carries none. */
  link: string | null
}

/** The mails to an address that wait to be sent, oldest first, as whoever reads the mailbox sees them. */
export async function mailsTo({ sql, deps }: TestApp, address: string): Promise<Mail[]> {
  const rows = await sql<(Omit<Mail, 'link'> & { link: Buffer | null })[]>`
    select id, recipient as to, template, contents, link from mail_outbox where recipient = ${address} order by id`
  return rows.map((row) => ({
    ...row,
    link: row.link && deps.secrets.decrypt(row.link, { table: 'mail_outbox', column: 'link', id: row.id }),
  }))
}

/** The names of those mails. */
export async function templatesTo(app: TestApp, address: string): Promise<string[]> {
  return (await mailsTo(app, address)).map(({ template }) => template)
}

/** The token in the newest mail of a kind to an address. */
export async function tokenTo(app: TestApp, address: string, template: string): Promise<string> {
  const newest = (await mailsTo(app, address)).findLast((mail) => mail.template === template)
  const token = newest?.link?.split('#token=')[1]
  expect([template, typeof token]).toEqual([template, 'string'])
  return token ?? ''
}

/** What a sender leaves of mails to an address that it has sent. */
export async function sendMailsTo({ sql }: TestApp, address: string): Promise<void> {
  await sql`
    update mail_outbox set status = 'sent', ended_at = clock_timestamp(), recipient = null, link = null, contents = '{}'
     where recipient = ${address}`
}
