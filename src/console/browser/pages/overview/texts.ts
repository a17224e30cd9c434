import { createWords } from '../../shell/language.ts'
import { english } from './texts-en.ts'

export const useOverviewTexts = createWords<typeof english>(english, async () => (await import('./texts-hi.ts')).hindi)
