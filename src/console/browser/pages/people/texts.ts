import { createWords } from '../../shell/language.ts'
import { english, type PeopleTexts } from './texts-en.ts'

export const usePeopleTexts = createWords<PeopleTexts>(english, async () => (await import('./texts-hi.ts')).hindi)
