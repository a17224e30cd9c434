import { useWords } from '../../shell/language.ts'
import { english } from './texts-en.ts'
import { hindi } from './texts-hi.ts'

export const useOverviewTexts = (): typeof english => useWords({ en: english, hi: hindi })
