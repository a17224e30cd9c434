import type { Db, Fragment } from '../db/types.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { MailData } from '../mail/templates/mail-data.ts'
import type { MailConfig } from '../mail/variables.ts'
import { linkUrl, linkValidHours, mintToken } from './links.ts'
import { insertMailedLink } from './queries.ts'

/** What the functions of this file use. */
type MailedLinkDeps = { mail: Pick<Outbox, 'mailPart'>; config: Pick<MailConfig, 'appUrl'> }

/**
 * The recipient. `owner` null: no account has the address; as many bytes are written all the same, so that the two
 * cases take as long.
 */
type Addressee = {
  owner: { id: string; language: string } | null
  email: string
  /** Values of an invitation's mail. */
  invitation?: MailData['accept-invitation']
  /** How many rows the caller's own CTEs insert where there is an owner; default 0. */
  otherRows?: number
}

/**
 * Makes a link and queues its mail to the address that it proves, while the account is active (or invited, for an
 * invitation) and has that address. Otherwise, and where three links of the kind are live, it writes as many rows of
 * random bytes: every case is one statement and one commit with as much written.
 * @param also further CTEs of the statement, each with a comma behind it
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
  // One filler row each for the link and its mail, and one for each row of the caller.
  await insertMailedLink(sql, { ...link, fillers: 2 + otherRows }, sql`${also} ${part}`)
}
