import { expect } from 'bun:test'
import type { TestApp } from './app.ts'

export type Mail = {
  id: string
  to: string
  template: string
  contents: { events?: Record<string, unknown>[] } & Record<string, unknown>
  /** The URL of its link, with the token; null without a link. */
  link: string | null
}

/** The waiting mails to an address, oldest first, as its recipient would see them. */
export async function mailsTo({ sql, deps }: TestApp, address: string): Promise<Mail[]> {
  const rows = await sql<(Omit<Mail, 'link'> & { link: Buffer | null })[]>`
    select id, recipient as to, template, contents, link from mail_outbox where recipient = ${address} order by id`
  return rows.map((row) => ({
    ...row,
    link: row.link && deps.secrets.decrypt(row.link, { table: 'mail_outbox', column: 'link', id: row.id }),
  }))
}

/** The templates of those mails. */
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

/** Leaves the waiting mails to an address as a sender does after sending them. */
export async function sendMailsTo({ sql }: TestApp, address: string): Promise<void> {
  await sql`
    update mail_outbox set status = 'sent', ended_at = clock_timestamp(), recipient = null, link = null, contents = '{}'
     where recipient = ${address}`
}
