import { readFileSync } from 'node:fs'
import path from './common-words.txt' with { type: 'file' }

/** Characters of the longest word in the list. */
export const longestWord = 24

let loaded: string | undefined

/** Sorted lines, loaded at the first use and searched in place: a Map would take ten times the memory. */
function load(): string {
  const file = readFileSync(path, 'latin1')
  return file.slice(file.indexOf('\n\n') + 1)
}

/** The base-2 logarithm of the guesses that a lower-case word takes, from its rank by frequency; null where it is not in the list. */
export function bitsOfWord(word: string): number | null {
  if (word.length > longestWord || !/^[a-z0-9]+$/.test(word)) return null
  loaded ??= load()
  // Binary search: `low` and `high` are positions of line breaks, and the line around their middle is compared.
  let low = 0
  let high = loaded.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    const start = loaded.lastIndexOf('\n', middle)
    const end = loaded.indexOf('\n', start + 1)
    const line = loaded.slice(start + 1, end - 2)
    if (line === word) return (loaded.charCodeAt(end - 1) - 65) / 2
    if (line < word) low = end
    else high = start
  }
  return null
}
