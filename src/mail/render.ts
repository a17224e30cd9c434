import type { Brand } from '../brand/brand.ts'
import { languageOf } from '../text/language.ts'
import type { Claimed } from './sender-queries.ts'
import type { MailTemplate, RenderedMail } from './templates/template.ts'

/** What of a row its mail is made of. */
type Rendered = Pick<Claimed, 'template' | 'contents' | 'language' | 'timeZone'> & { link: string | null }

/** A template that this version of the program does not have, or data that it cannot read: a newer one sends it. */
export class UnknownMailError extends Error {
  override readonly name = 'UnknownMailError'
}

/** Makes subject, text and HTML of a row. The templates are loaded at the first mail. @throws UnknownMailError */
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
