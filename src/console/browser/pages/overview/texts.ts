import { createWords } from '../../shell/language.ts'
import { english, type OverviewTexts } from './texts-en.ts'

export const useOverviewTexts = createWords<OverviewTexts>(english, async () => (await import('./texts-hi.ts')).hindi)
