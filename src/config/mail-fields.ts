import { z } from 'zod'
import { canonicalEmail, isEmail } from '../text/email-address.ts'
import { url } from './fields.ts'

/** Who mails come from: the name may be empty. */
export type Sender = { name: string; address: string }

/** How mail goes out: nobody sends any; kept in the database and shown at `/dev/mail`; or by SMTP. */
export type MailConfig =
  | { mode: 'off' }
  | { mode: 'kept'; from: Sender }
  | { mode: 'smtp'; from: Sender; smtpUrl: string; verifyTls: boolean }

/** smtp:// (STARTTLS) or smtps://; host, user and password only: a query could switch verification off. */
export const smtpUrl = url('smtp:', 'smtps:').refine(isBareServer, {
  message: 'must be smtp://user:password@host:port or smtps://…, with nothing after the port',
})

function isBareServer(text: string): boolean {
  const { hostname, pathname, search, hash } = new URL(text)
  return hostname !== '' && (pathname === '' || pathname === '/') && search === '' && hash === ''
}

/** `address`, or `Name <address>`. */
export const sender = z
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

/** Where the pages are that links of mails lead to: http or https, no query, no fragment, no user. */
export const pageUrl = url('http:', 'https:').refine(isBarePage, {
  message: 'must be a URL without user, query or fragment',
})

function isBarePage(text: string): boolean {
  const { username, password, search, hash } = new URL(text)
  return `${username}${password}${search}${hash}` === '' && !/[?#]/.test(text)
}
