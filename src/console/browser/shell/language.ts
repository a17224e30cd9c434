import { isLostNow } from '../calls/connection.ts'
import { createStore, useStore } from '../store.ts'

export const languages = ['en', 'hi'] as const
export type Language = (typeof languages)[number]
export const ownNames: Record<Language, string> = { en: 'English', hi: 'हिन्दी' }

const key = 'manas360-console-language'

/** The language chosen in the console, else the browser's. */
export const language = createStore<Language>(chosen() ?? preferred())
/** The language that is being loaded: parts that load meanwhile use it. */
let wanted = language.get()

function chosen(): Language | undefined {
  return languages.find((one) => one === localStorage.getItem(key))
}

function preferred(): Language {
  const asked = navigator.languages.map((tag) => tag.slice(0, 2))
  return languages.find((one) => one === asked.find((tag) => languages.some((known) => known === tag))) ?? 'en'
}

/** Changes the language once its words are loaded. Without a connection it stays, and the lost connection is shown. */
export async function choose(next: Language): Promise<void> {
  const before = wanted
  wanted = next
  try {
    await loadWords()
  } catch {
    wanted = before
    await isLostNow()
    return
  }
  localStorage.setItem(key, next)
  language.set(wanted)
}

const loaders = new Set<() => Promise<void>>()

/**
 * The words of one part of the console. English is part of the bundle; other languages are files that are loaded when
 * chosen. The compiler requires every word in each language.
 * @returns a hook that gives the words in the chosen language
 */
export function createWords<T>(english: T, loadHindi: () => Promise<T>): () => T {
  let hindi: T | null = null
  loaders.add(async () => {
    hindi ??= await loadHindi()
  })
  return () => (useStore(language) === 'hi' && hindi) || english
}

/** Resolves when all parts have their words in the chosen language. @throws when a file cannot be loaded */
export async function loadWords(): Promise<void> {
  if (wanted === 'hi') await Promise.all([...loaders].map((load) => load()))
}
