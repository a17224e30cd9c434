import { useWords } from './language.ts'
import { english } from './texts-en.ts'
import { hindi } from './texts-hi.ts'

export type Texts = typeof english

/** What several pages say. A page's own words are in its folder; the compiler holds that no language lacks one. */
export const useTexts = (): Texts => useWords({ en: english, hi: hindi })
