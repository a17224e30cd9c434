import { useWords } from '../shell/language.ts'
import { english } from './texts-en.ts'
import { hindi } from './texts-hi.ts'

export const useSignInTexts = (): typeof english => useWords({ en: english, hi: hindi })
