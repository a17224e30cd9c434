import type { Brand } from '../../brand/brand.ts'
import type { Language } from '../../text/language.ts'
import { helpLine } from './help-line.ts'
import type { Letter } from './letter.ts'

/** A letter as text. The link is on a line of its own, so that mail programs recognise all of it. */
export function plainText(letter: Letter, brand: Brand, language: Language, link: string | null): string {
  const { subject, paragraphs, facts = [], action, notYou, why } = letter
  const parts = [
    brand.logoText,
    subject,
    ...paragraphs,
    facts.map((fact) => `- ${fact}`).join('\n'),
    ...(action && link !== null ? [`${action.label}:\n${link}`, action.validity] : []),
    notYou,
    ['-- ', why, helpLine(brand, language)].filter(Boolean).join('\n'),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}
