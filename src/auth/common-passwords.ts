import { readFileSync } from 'node:fs'
import path from './common-passwords.txt' with { type: 'file' }

let loaded: string | undefined

/** Sorted lines, read at first use and searched where they lie: a Set of them would take ten times the memory. */
function load(): string {
  const file = readFileSync(path, 'latin1')
  return file.slice(file.indexOf('\n\n') + 1)
}

/** Whether a lower-case word is in the list of breached passwords that is kept offline. */
export function isCommonPassword(word: string): boolean {
  if (word === '' || word.includes('\n')) return false
  loaded ??= load()
  // Both ends stand on a line break; the line between them that holds the middle is compared.
  let low = 0
  let high = loaded.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    const start = loaded.lastIndexOf('\n', middle)
    const end = loaded.indexOf('\n', start + 1)
    const line = loaded.slice(start + 1, end)
    if (line === word) return true
    if (line < word) low = end
    else high = start
  }
  return false
}
