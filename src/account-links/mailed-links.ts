import type { Db, Fragment } from '../db/types.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { MailData } from '../mail/templates/mail-data.ts'
import type { MailConfig } from '../mail/variables.ts'
import { linkUrl, linkValidHours, mintToken } from './links.ts'
import { insertMailedLink } from './queries.ts'

/** What mailing a link uses. */
export type MailedLinkDeps = { mail: Pick<Outbox, 'mailPart'>; config: Pick<MailConfig, 'appUrl'> }

/** Whom a link is for; `owner` null: nobody, and then as much is written that is nobody's. */
type Addressee = {
  owner: { id: string; language: string } | null
  email: string
  /** What the mail says of an invitation. */
  invitation?: MailData['accept-invitation']
  /** Rows that the caller writes besides where there is an owner; default: none. */
  otherRows?: number
}

/**
 * Makes a link and queues its mail to the address that it proves, while the account is active, or invited where it is an
 * invitation's, and has that address. Where it has not, where there is no owner, and where three links of the kind live, no
 * link and no mail is written but random bytes: one statement and one commit, with as much written, whatever the case.
 * @param also further CTEs of the statement, with a comma behind each
 */
export async function mailLink(
  sql: Db,
  { mail, config }: MailedLinkDeps,
  kind: 'verify-email' | 'reset-password' | 'accept-invitation',
  { owner, email, invitation, otherRows = 0 }: Addressee,
  also: Fragment = sql``,
): Promise<void> {
  const { token, hash } = mintToken()
  const message = {
    accountId: owner?.id ?? null,
    to: email,
    language: owner?.language ?? 'en',
    link: linkUrl(config.appUrl, kind, token),
  }
  const validHours = invitation?.validHours ?? linkValidHours(kind)
  const part = mail.mailPart(
    sql,
    invitation
      ? { ...message, template: 'accept-invitation', data: invitation }
      : kind === 'reset-password'
        ? { ...message, template: kind, data: { validHours, cause: 'asked' } }
        : { ...message, template: 'verify-email', data: { validHours } },
    sql`exists (select from link)`,
  )
  const link = { accountId: owner?.id ?? null, kind, email, hash, ttlSeconds: validHours * 3_600 }
  // In place of the link, of its mail, and of the others.
  await insertMailedLink(sql, { ...link, fillers: 2 + otherRows }, sql`${also} ${part}`)
}
