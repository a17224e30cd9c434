import { createWords } from '../../shell/language.ts'
import { type CatalogueTexts, english } from './texts-en.ts'

export const useCatalogueTexts = createWords<CatalogueTexts>(english, async () => (await import('./texts-hi.ts')).hindi)
