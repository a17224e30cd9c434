import { createWords } from '../../shell/language.ts'
import { type AuditTexts, english } from './texts-en.ts'

export const useAuditTexts = createWords<AuditTexts>(english, async () => (await import('./texts-hi.ts')).hindi)
