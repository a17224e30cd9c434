import type { Brand } from '../../brand/brand.ts'
import type { Language } from '../../text/language.ts'

/** A mail in the form that is sent; text and HTML have the same content. */
export type RenderedMail = { subject: string; text: string; html: string }

/** Values for every template beside its data. */
type MailContext = {
  brand: Brand
  language: Language
  /** The URL of the page, with its token; null where the mail has no link. */
  link: string | null
  /** The IANA time zone in which times are shown. */
  timeZone: string
}

/** Renders one mail. Its data comes from the outbox, where an older version of the program may have written it. */
export type MailTemplate<D> = (data: D, context: MailContext) => RenderedMail
