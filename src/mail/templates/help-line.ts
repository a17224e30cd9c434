import type { Brand } from '../../brand/brand.ts'
import type { Language } from '../../text/language.ts'

/** Where people get help; null where the operator names no place. */
export function helpLine({ support }: Brand, language: Language): string | null {
  if (support === null) return null
  return language === 'hi' ? `सहायता: ${support}` : `Help: ${support}`
}
