import { AppError, invalid } from '../errors.ts'

const maxDepth = 32
const maxKeys = 1_000
/** A hostile key may be as long as the body: an error's path shows its beginning. */
const maxPathLength = 200

/** An object or array that is open at the scanner's position: keys seen so far (null: an array), and where we stand. */
type Level = { keys: Set<string> | null; at: string | number }

/**
 * One JSON value (RFC 8259), for hostile input.
 *
 * @param compared members whose text is only ever compared with what we made: any string will do
 * @throws AppError `malformed-json` when the text is empty or not JSON
 * @throws AppError `validation-failed` when it nests deeper than 32, has more than 1,000 keys, repeats a key in one object, or
 *   holds `__proto__`, `constructor` or `prototype` as a key, or NUL or a lone surrogate anywhere
 */
export function parseJson(text: string, compared: readonly string[] = []): unknown {
  const value = parse(text)
  scan(text, compared)
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('malformed-json', { cause })
  }
}

/** Judges what JSON.parse hides: the text is known to be JSON, so only its structure characters and strings matter. */
function scan(text: string, compared: readonly string[]): void {
  // Raw control characters are not JSON, so without a backslash and a lone surrogate no string can hold a bad character.
  const mayHoldBad = text.includes('\\') || !text.isWellFormed()
  const levels: Level[] = []
  let level: Level | undefined
  let expectKey = false
  let keyCount = 0
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '"': {
        const end = endOfString(text, i)
        if (expectKey || mayHoldBad) {
          const string = decode(text, i, end)
          if (expectKey && level?.keys) {
            level.at = string
            if (++keyCount > maxKeys) refuse(levels, 'The body has more than 1,000 keys.', 'too-many-keys')
            judgeKey(string, level.keys, levels)
          }
          const free = !expectKey && levels.length === 1 && typeof level?.at === 'string' && compared.includes(level.at)
          if (mayHoldBad && !free) judgeString(string, levels)
        }
        expectKey = false
        i = end
        break
      }
      case '{':
      case '[': {
        if (levels.length === maxDepth) refuse(levels, 'The body nests deeper than 32 levels.', 'too-deep')
        expectKey = text[i] === '{'
        level = expectKey ? { keys: new Set(), at: '' } : { keys: null, at: 0 }
        levels.push(level)
        break
      }
      case '}':
      case ']':
        levels.pop()
        level = levels.at(-1)
        expectKey = false
        break
      case ',':
        if (typeof level?.at === 'number') level.at++
        else expectKey = true
        break
    }
  }
}

/** The index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text[before] === '\\') before--
    if ((end - 1 - before) % 2 === 0) return end
  }
}

function decode(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end)
  return raw.includes('\\') ? (JSON.parse(text.slice(start, end + 1)) as string) : raw
}

function judgeKey(key: string, seen: Set<string>, levels: Level[]): void {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
    refuse(levels, 'This key is not allowed.', 'forbidden-key')
  }
  // RFC 8259 4: the meaning of a repeated name is undefined, so two readers of one body could disagree.
  if (seen.has(key)) refuse(levels, 'This key appears twice.', 'duplicate-key')
  seen.add(key)
}

function judgeString(string: string, levels: Level[]): void {
  if (string.includes('\0')) refuse(levels, 'Remove the NUL character.', 'nul-character')
  if (!string.isWellFormed()) refuse(levels, 'Remove the unpaired surrogate: it is not a character.', 'lone-surrogate')
}

function refuse(levels: Level[], message: string, code: string): never {
  const path = levels.map((level) => level.at).join('.')
  throw invalid(path.slice(0, maxPathLength).toWellFormed(), message, code)
}
