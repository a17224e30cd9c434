import { createWords } from '../../shell/language.ts'
import { english, type OperationsTexts } from './texts-en.ts'

export const useOperationsTexts = createWords<OperationsTexts>(
  english,
  async () => (await import('./texts-hi.ts')).hindi,
)
