import { bitsOfWord, longestWord } from './common-words.ts'
import { type Reading, repeatedUnit, replaceLookalikes } from './password-patterns.ts'

/** Fewer than 2^22 guesses, four million, take a rented GPU less than a day at this hashing cost. */
const minBits = 22
/** Longer texts are left to the other rules: this check's cost grows with the length. */
const longestRead = 64
/** Bits for each part, for its presence and its position. */
const partBits = 1.5
const [digitBits, letterBits] = [Math.log2(10), Math.log2(26)]
/** Bits for a sign between words: a usual one, another one, and a repetition. */
const [usualSigns, usualSignBits, signBits, repeatedSignBits] = [' !.,-_?', 2, 4, 0.5]
const years = /^(?:19|20)\d\d$/
const yearBits = Math.log2(100)
const runs = [
  '01234567890123456789',
  '98765432109876543210',
  'abcdefghijklmnopqrstuvwxyz',
  'zyxwvutsrqponmlkjihgfedcba',
]
const runBits = 4

/** Well-known phrases written as one word: long, but in every attacker's list. */
const knownPhrases = new Set(
  `abracadabra bharatmatakijai callmeishmael correcthorsebatterystaple godblessamerica hakunamatata
  happybirthdaytoyou hellodarknessmyoldfriend iamyourfather indiaismycountry inthebeginningwastheword itwasthebestoftimes
  jaimatadi jaishreeram jaihindjaibharat janaganamana loremipsum loremipsumdolorsitamet maytheforcebewithyou
  omnamahshivaya omnamobhagavatevasudevaya onceuponatime saarejahanseaccha satyamevajayate
  supercalifragilisticexpialidocious thequickbrownfox thequickbrownfoxjumpsoverthelazydog tobeornottobe
  tobeornottobethatisthequestion twinkletwinklelittlestar vandemataram winteriscoming`.split(/\s+/),
)

/** Whether a reading is a well-known phrase in one word. Words typed apart are checked one by one. */
export function isKnownPhrase({ core, rest }: Reading): boolean {
  return !rest.includes(' ') && knownPhrases.has(core)
}

/**
 * Estimates guesses as zxcvbn does (Wheeler, USENIX Security 2016): the password is split into common words, known words,
 * years and runs, with digits and signs between. Four unrelated words are far above the bound.
 * @param known words of the person and the service, lower-case letters and digits
 * @returns `common` when too few guesses are needed, `context` when only the known words make it so, else null
 */
export function readGuessable(folded: string, known: readonly string[]): 'common' | 'context' | null {
  // Repetition adds no guesses.
  const unit = repeatedUnit(folded)
  const spellings = [...new Set([unit, ...replaceLookalikes(unit)])]
  if (unit.length > longestRead) return null
  const isGuessed = (words: readonly string[]) => spellings.some((text) => countBits(text, new Set(words)) < minBits)
  if (isGuessed([])) return 'common'
  return isGuessed(known) ? 'context' : null
}

/** Bits of the cheapest split of a text into parts. */
function countBits(text: string, known: ReadonlySet<string>): number {
  const signs = text.replace(/[\p{L}\p{M}\p{N}]/gu, '')
  const kinds = [...new Set(signs)]
  const ofKinds = kinds.map((sign) => (usualSigns.includes(sign) ? usualSignBits : signBits))
  const ofSigns = ofKinds.reduce((sum, bits) => sum + bits, 0) + (signs.length - kinds.length) * repeatedSignBits
  const letters = text.replace(/[^\p{L}\p{M}\p{N}]/gu, '')
  const bits = [ofSigns, ...Array<number>(letters.length).fill(Number.POSITIVE_INFINITY)]
  for (let start = 0; start < letters.length; start++) {
    const before = bits[start] ?? 0
    if (before >= minBits) continue
    for (let end = start + 1; end <= Math.min(letters.length, start + longestWord); end++) {
      const cost = bitsOfPart(letters.slice(start, end), known)
      if (cost !== null) bits[end] = Math.min(bits[end] ?? 0, before + cost)
    }
  }
  return bits[letters.length] ?? 0
}

/** Bits of one part; null where the text is no known part. */
function bitsOfPart(part: string, known: ReadonlySet<string>): number | null {
  if (part.length === 1) return /\d/.test(part) ? digitBits : letterBits
  if (known.has(part)) return partBits
  if (years.test(part)) return yearBits + partBits
  const word = bitsOfWord(part)
  const run = part.length >= 3 && runs.some((row) => row.includes(part)) ? runBits : null
  return word === null && run === null ? null : Math.min(word ?? runBits, run ?? word ?? 0) + partBits
}
