/** One way to read a password: the word that it seems to be, and the characters beside it. */
export type Reading = { core: string; rest: string }

/** What people add before and after a word: punctuation, or punctuation and digits. */
const edges = [/[^\p{L}\p{M}\p{N}]/u, /[^\p{L}\p{M}]/u]
/** "1" and "!" stand for i or for l, so there are two readings. */
const substitutes = { '0': 'o', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g', '@': 'a', $: 's', '+': 't' }
const spellings: ReadonlyMap<string, string>[] = ['i', 'l'].map(
  (letter) => new Map(Object.entries({ ...substitutes, '1': letter, '!': letter, '|': letter })),
)
/** Keyboard rows, digits and the alphabet; a run may go in either direction and wrap around. */
const rows = [
  '1234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop[]',
  'asdfghjkl;',
  'zxcvbnm,./',
  'qwertzuiop',
  'azertyuiop',
]

/** The shortest text whose repetition is `text`; `text` itself when there is no shorter one. */
export function repeatedUnit(text: string): string {
  const period = `${text}${text}`.indexOf(text, 1)
  return text.slice(0, period === -1 ? text.length : period)
}

/** The readings of a case-folded password: with and without its edges, letters only, substitutes replaced, repetitions reduced. */
export function listReadings(folded: string): Reading[] {
  const trimmed = trims(folded)
  const lettersOnly = trimmed.flatMap(({ core, rest }) =>
    [core, ...replaceLookalikes(core)].map((spelled) => ({
      core: spelled.replace(/[^\p{L}\p{M}]/gu, ''),
      rest: rest + spelled.replace(/[\p{L}\p{M}]/gu, ''),
    })),
  )
  const all = [...trimmed, ...lettersOnly].filter(({ core }) => core !== '')
  return [...all, ...all.map(({ core, rest }) => ({ core: repeatedUnit(core), rest }))]
}

function trims(text: string): Reading[] {
  const characters = [...text]
  const found: Reading[] = [{ core: text, rest: '' }]
  for (const edge of edges) {
    const isEdge = (character: string) => edge.test(character)
    const start = characters.findIndex((character) => !isEdge(character))
    const end = characters.findLastIndex((character) => !isEdge(character)) + 1
    if (start === -1) continue
    for (const [from, to] of [
      [start, end],
      [0, end],
      [start, characters.length],
    ] satisfies [number, number][])
      found.push({
        core: characters.slice(from, to).join(''),
        rest: [...characters.slice(0, from), ...characters.slice(to)].join(''),
      })
  }
  return found
}

/** The text with digits and signs replaced by the letters that they look like. */
export function replaceLookalikes(text: string): string[] {
  return spellings.map((spelling) => [...text].map((character) => spelling.get(character) ?? character).join(''))
}

/** The number of characters, where each run of at least four counts as one. */
export function effectiveLength(text: string): number {
  const characters = [...text]
  let steps = 0
  for (let at = 0; at < characters.length; steps++) at += Math.max(1, longestRun(characters, at))
  return steps
}

/** The length of the run that begins here, or 1 where it is shorter than four. */
function longestRun(characters: string[], at: number): number {
  let longest = sameRun(characters, at)
  for (const row of rows)
    for (const direction of [1, -1]) {
      let length = 1
      while (follows(row, characters[at + length - 1], characters[at + length], direction)) length++
      longest = Math.max(longest, length)
    }
  return longest >= 4 ? longest : 1
}

function sameRun(characters: string[], at: number): number {
  let length = 1
  while (at + length < characters.length && characters[at + length] === characters[at]) length++
  return length
}

function follows(row: string, previous: string | undefined, next: string | undefined, direction: number): boolean {
  if (previous === undefined || next === undefined) return false
  const at = row.indexOf(previous)
  return at !== -1 && row.at((at + direction) % row.length) === next
}
