import type { Brand } from '../brand/brand.ts'
import { languageOf } from '../text/language.ts'
import type { Claimed } from './sender-queries.ts'
import type { MailTemplate, RenderedMail } from './templates/template.ts'

/** The columns of a row that its mail is made from. */
type Rendered = Pick<Claimed, 'template' | 'contents' | 'language' | 'timeZone'> & { link: string | null }

/** A template or data that this version does not know: a newer version will send the mail. */
export class UnknownMailError extends Error {
  override readonly name = 'UnknownMailError'
}

/** Renders subject, text and HTML. Templates are loaded at the first mail. @throws UnknownMailError */
export async function renderMail(brand: Brand, row: Rendered): Promise<RenderedMail> {
  const { isMailName, templates } = await import('./templates/templates.ts')
  const { template: name, contents, language, timeZone, link } = row
  if (!isMailName(name)) throw new UnknownMailError(`there is no template ${name}`)
  // Each name's data was written for it; the table's type cannot tell which name this is.
  const template = templates[name] as MailTemplate<unknown>
  try {
    return template(contents, { brand, language: languageOf(language), timeZone, link })
  } catch (error) {
    throw new UnknownMailError(`${name} cannot be made of what was queued`, { cause: error })
  }
}
