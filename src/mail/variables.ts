import { z } from 'zod'
import { httpsRequirement, isLocal, url } from '../config/fields.ts'
import { type ConfigOf, configuration, type Values } from '../config/room.ts'
import { type InstanceVariables, publicUrlOf } from '../config/variables.ts'
import { canonicalEmail, isEmail } from '../text/email-address.ts'

/** The sender of mails; the name may be empty. */
export type Sender = { name: string; address: string }

/** How mail is delivered: not at all; kept in the database and shown at `/dev/mail`; or by SMTP. */
export type MailDelivery =
  | { mode: 'off' }
  | { mode: 'kept'; from: Sender }
  | { mode: 'smtp'; from: Sender; smtpUrl: string; verifyTls: boolean }

/** smtp:// (STARTTLS) or smtps://; host, user and password only: a query could switch verification off. */
const smtpUrl = url('smtp:', 'smtps:').refine(isBareServer, {
  message: 'must be smtp://user:password@host:port or smtps://…, with nothing after the port',
})

function isBareServer(text: string): boolean {
  const { hostname, pathname, search, hash } = new URL(text)
  return hostname !== '' && (pathname === '' || pathname === '/') && search === '' && hash === ''
}

/** `address`, or `Name <address>`. */
const sender = z
  .string()
  .max(320, 'must have at most 320 characters')
  .transform((text, context): Sender => {
    const [, name = '', address = ''] = /^(?:([^<>"]*)<)?([^<>\s]+)>?$/.exec(text.trim()) ?? []
    const canonical = canonicalEmail(address)
    const isWhole = text.includes('<') === text.trimEnd().endsWith('>')
    if (isWhole && isEmail(canonical) && !/\p{C}/u.test(text)) return { name: name.trim(), address: canonical }
    context.addIssue({ code: 'custom', message: 'must be an address such as MANAS360 <no-reply@example.com>' })
    return z.NEVER
  })

/** The base URL of the pages that mails link to: http or https, without query, fragment and user. */
const pageUrl = url('http:', 'https:').refine(isBarePage, {
  message: 'must be a URL without user, query or fragment',
})

function isBarePage(text: string): boolean {
  const { username, password, search, hash } = new URL(text)
  return `${username}${password}${search}${hash}` === '' && !/[?#]/.test(text)
}

const variables = {
  MAIL: z.enum(['on', 'off']).default('on'),
  SMTP_URL: smtpUrl.optional(),
  MAIL_FROM: sender.optional(),
  APP_URL: pageUrl.optional(),
}

/** The variables that higher rooms may read. */
export type MailVariables = Values<typeof variables>
type E = MailVariables & Pick<InstanceVariables, 'NODE_ENV' | 'PUBLIC_URL' | 'PORT'> & { BRAND_NAME: string }
export type MailConfig = ConfigOf<typeof mailConfiguration>

export const mailConfiguration = configuration({
  variables,
  config: (e: E) => ({
    mail: deliveryOf(e),
    /** The base URL of links in mails: `APP_URL`, else the pages of this service; no slash at the end. */
    appUrl: (e.APP_URL ?? publicUrlOf(e)).replace(/\/+$/, ''),
  }),
  check(e) {
    const problems: string[] = []
    if (e.MAIL === 'on' && e.SMTP_URL !== undefined && e.MAIL_FROM === undefined)
      problems.push('MAIL_FROM: is required with SMTP_URL')
    if (e.NODE_ENV !== 'production') return problems
    if (e.MAIL === 'on' && e.SMTP_URL === undefined)
      problems.push('SMTP_URL: is required, with MAIL_FROM; or set MAIL=off to do without mail')
    if (e.APP_URL && !e.APP_URL.startsWith('https://')) problems.push('APP_URL: must begin with https:// in production')
    return problems
  },
  demands: { APP_URL: httpsRequirement },
})

function deliveryOf({ MAIL, SMTP_URL, MAIL_FROM, NODE_ENV, BRAND_NAME }: E): MailDelivery {
  if (MAIL === 'off') return { mode: 'off' }
  const from = MAIL_FROM ?? { name: BRAND_NAME, address: 'no-reply@manas360.invalid' }
  if (SMTP_URL === undefined) return { mode: 'kept', from }
  // A mail catcher on a developer's machine has no verifiable certificate.
  return { mode: 'smtp', from, smtpUrl: SMTP_URL, verifyTls: NODE_ENV === 'production' || !isLocal(SMTP_URL) }
}
