import { createWords } from '../shell/language.ts'
import { english, type HealthTexts } from './texts-en.ts'

export const useHealthTexts = createWords<HealthTexts>(english, async () => (await import('./texts-hi.ts')).hindi)
