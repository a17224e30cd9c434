import { createWords } from './language.ts'
import { english } from './texts-en.ts'

export type Texts = typeof english

/** Words that several pages use. A page's own words are in its folder. */
export const useTexts = createWords<Texts>(english, async () => (await import('./texts-hi.ts')).hindi)
