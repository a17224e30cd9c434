import { isLostNow } from '../calls/connection.ts'
import { createStore, useStore } from '../store.ts'

export const languages = ['en', 'hi'] as const
export type Language = (typeof languages)[number]
export const ownNames: Record<Language, string> = { en: 'English', hi: 'हिन्दी' }

const key = 'manas360-console-language'

/** Chosen in the console, else the browser's. */
export const language = createStore<Language>(chosen() ?? preferred())
/** What is about to be shown: what is loaded meanwhile comes in it. */
let wanted = language.get()

function chosen(): Language | undefined {
  return languages.find((one) => one === localStorage.getItem(key))
}

function preferred(): Language {
  const asked = navigator.languages.map((tag) => tag.slice(0, 2))
  return languages.find((one) => one === asked.find((tag) => languages.some((known) => known === tag))) ?? 'en'
}

/** Shows everything in another language, once its words are here; without them it stays as it is, and a lost connection is told. */
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
 * The words of one part of the console. English comes with the part; another language is a file of its own, loaded when it is
 * chosen. The compiler holds that no language lacks a word.
 * @returns a hook that gives the words in the language in use
 */
export function createWords<T>(english: T, loadHindi: () => Promise<T>): () => T {
  let hindi: T | null = null
  loaders.add(async () => {
    hindi ??= await loadHindi()
  })
  return () => (useStore(language) === 'hi' && hindi) || english
}

/** Resolves when all parts that are here have their words in the language in use. @throws when a file can't be loaded */
export async function loadWords(): Promise<void> {
  if (wanted === 'hi') await Promise.all([...loaders].map((load) => load()))
}
