import type { Brand } from '../../brand/brand.ts'
import type { Language } from '../../text/language.ts'

/** The line with the contact for help; null where none is configured. */
export function helpLine({ support }: Brand, language: Language): string | null {
  if (support === null) return null
  return language === 'hi' ? `सहायता: ${support}` : `Help: ${support}`
}
