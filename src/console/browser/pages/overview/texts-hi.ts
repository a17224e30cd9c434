import type { english } from './texts-en.ts'

export const hindi: typeof english = { title: 'सारांश', people: 'लोग' }
