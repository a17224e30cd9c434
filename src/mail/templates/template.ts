import type { Brand } from '../../brand/brand.ts'
import type { Language } from '../../text/language.ts'

/** A mail as it is sent: text and HTML say the same. */
export type RenderedMail = { subject: string; text: string; html: string }

/** What a template knows besides its data. */
export type MailContext = {
  brand: Brand
  language: Language
  /** The page that the mail leads to, with its token; null where it carries none. */
  link: string | null
  /** IANA; times are shown in it. */
  timeZone: string
}

/** Renders one mail. Data comes from the outbox, where an older version of the program may have written it. */
export type MailTemplate<D> = (data: D, context: MailContext) => RenderedMail
