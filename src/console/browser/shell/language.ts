import { createStore, useStore } from '../store.ts'

export const languages = ['en', 'hi'] as const
export type Language = (typeof languages)[number]
export const ownNames: Record<Language, string> = { en: 'English', hi: 'हिन्दी' }

const key = 'manas360-console-language'

/** Chosen in the console, else the browser's. */
export const language = createStore<Language>(chosen() ?? preferred())

function chosen(): Language | undefined {
  return languages.find((one) => one === localStorage.getItem(key))
}

function preferred(): Language {
  const asked = navigator.languages.map((tag) => tag.slice(0, 2))
  return languages.find((one) => one === asked.find((tag) => languages.some((known) => known === tag))) ?? 'en'
}

export function choose(next: Language): void {
  localStorage.setItem(key, next)
  language.set(next)
}

/** The words of a page in the language in use: each language is a file, and the compiler holds that none lacks a word. */
export function useWords<T>(words: Record<Language, T>): T {
  return words[useStore(language)]
}
