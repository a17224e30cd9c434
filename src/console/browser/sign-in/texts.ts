import { createWords } from '../shell/language.ts'
import { english } from './texts-en.ts'

export const useSignInTexts = createWords<typeof english>(english, async () => (await import('./texts-hi.ts')).hindi)
