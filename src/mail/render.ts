import type { Brand } from '../brand/brand.ts'
import { languageOf } from '../text/language.ts'
import type { Claimed } from './sender-queries.ts'
import type { MailTemplate, RenderedMail } from './templates/template.ts'

/** The columns of a row that its mail is made from. */
type Rendered = Pick<Claimed, 'template' | 'contents' | 'language' | 'timeZone'> & { link: string | null }

/** An unknown template or data: a newer version will send the mail. */
export class UnknownMailError extends Error {
  override readonly name = 'UnknownMailError'
}

/** Renders subject, text and HTML. Templates are loaded at the first mail. @throws UnknownMailError */
export async function renderMail(brand: Brand, row: Rendered): Promise<RenderedMail> {
  const { isMailName, templates } = await import('./templates/templates.ts')
  const { template: name, contents, language, timeZone, link } = row
  if (!isMailName(name)) throw new UnknownMailError(`there is no template ${name}`)
  // The data was written for this template; the type of the table cannot express that.
  const template = templates[name] as MailTemplate<unknown>
  try {
    return template(contents, { brand, language: languageOf(language), timeZone, link })
  } catch (error) {
    throw new UnknownMailError(`${name} cannot be made of what was queued`, { cause: error })
  }
}
