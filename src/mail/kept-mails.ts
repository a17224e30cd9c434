import type { BrandConfig } from '../brand/variables.ts'
import type { Sql } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { findKeptMail, type KeptMail, listKeptMails } from './kept-queries.ts'
import { renderMail } from './render.ts'
import type { RenderedMail } from './templates/template.ts'

type KeptDeps = { sql: Sql; secrets: Secrets; config: BrandConfig }
/** A kept mail in the form that its recipient would see. */
export type ShownMail = RenderedMail & { id: string; to: string; at: Date; link: string | null }

/** The most mails of the list. */
const shownMails = 100

/** The kept mails, newest first. */
export async function readKeptMails(deps: KeptDeps): Promise<ShownMail[]> {
  const rows = await listKeptMails(deps.sql, shownMails)
  return Promise.all(rows.map((row) => show(deps, row)))
}

/** A placeholder for a mail of another version or under another key, so that the list still shows the others. */
function unreadable(error: unknown): RenderedMail {
  const text = error instanceof Error ? error.message : String(error)
  return { subject: 'A mail that cannot be shown', text, html: '' }
}

/** A kept mail. @throws AppError `not-found` */
export async function readKeptMail(deps: KeptDeps, id: string): Promise<ShownMail> {
  const row = await findKeptMail(deps.sql, id)
  if (!row) throw new AppError('not-found')
  return show(deps, row)
}

async function show({ secrets, config }: KeptDeps, row: KeptMail): Promise<ShownMail> {
  const { id, recipient: to, createdAt: at } = row
  try {
    const link = row.link && secrets.decrypt(row.link, { table: 'mail_outbox', column: 'link', id })
    return { ...(await renderMail(config.brand, { ...row, link })), id, to, at, link }
  } catch (error) {
    return { ...unreadable(error), id, to, at, link: null }
  }
}
