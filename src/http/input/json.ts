import { AppError, invalid } from '../../errors/app-error.ts'

const maxDepth = 32
const maxKeys = 1_000
const maxItems = 1_000
/** An error's path is cut: a hostile key may be as long as the body. */
const maxPathLength = 200

/** An open object or array: its keys so far (null: an array), and the current key or index. */
type Level = { keys: Set<string> | null; at: string | number }

/**
 * Parses one JSON value (RFC 8259) from hostile input. Depth and size are checked before JSON.parse runs.
 *
 * @param compared members that are only compared, never stored or shown: any string is accepted
 * @throws AppError `malformed-json` when the text is empty or not JSON
 * @throws AppError `validation-failed` when it nests deeper than 32, has more than 1,000 keys or list items, repeats a
 *   key in one object, or holds `__proto__`, `constructor` or `prototype` as a key, or NUL or a lone surrogate anywhere
 */
export function parseJson(text: string, compared: readonly string[] = []): unknown {
  const refusal = scan(text, compared)
  const value = parse(text)
  if (refusal) throw refusal
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('malformed-json', { cause })
  }
}

/**
 * Checks what JSON.parse does not report, in one pass over structural characters and strings. The text may still not be
 * JSON, so that faults of content are returned, to be thrown after JSON.parse; too much of anything is thrown at once.
 */
function scan(text: string, compared: readonly string[]): AppError | undefined {
  // Raw control characters are not JSON, so only a \u escape or a lone surrogate can make a bad character.
  const mayHoldBad = text.includes('\\u') || !text.isWellFormed()
  const levels: Level[] = []
  let level: Level | undefined
  let expectKey = false
  let keyCount = 0
  let commaCount = 0
  let refusal: AppError | undefined
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '"': {
        const end = endOfString(text, i)
        if (expectKey || mayHoldBad) {
          const string = decode(text, i, end)
          if (expectKey && level?.keys) {
            level.at = string
            if (++keyCount > maxKeys) throw refused(levels, 'The body has more than 1,000 keys.', 'too-many-keys')
            refusal ??= checkKey(string, level.keys, levels)
          }
          const free = !expectKey && levels.length === 1 && typeof level?.at === 'string' && compared.includes(level.at)
          if (mayHoldBad && !free) refusal ??= checkString(string, levels)
        }
        expectKey = false
        i = end
        break
      }
      case '{':
      case '[': {
        if (levels.length === maxDepth) throw refused(levels, 'The body nests deeper than 32 levels.', 'too-deep')
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
        if (typeof level?.at === 'number') {
          level.at++
          // A list of n items has n - 1 commas.
          if (++commaCount >= maxItems)
            throw refused(levels, 'The body has more than 1,000 list items.', 'too-many-items')
        } else expectKey = true
        break
    }
  }
  return refusal
}

/** The index of the quote that closes the string opened at `start`. @throws AppError `malformed-json` when none does */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text[before] === '\\') before--
    if ((end - 1 - before) % 2 === 0) return end
  }
  throw new AppError('malformed-json')
}

function decode(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end)
  return raw.includes('\\') ? (parse(text.slice(start, end + 1)) as string) : raw
}

function checkKey(key: string, seen: Set<string>, levels: Level[]): AppError | undefined {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype')
    return refused(levels, 'This key is not allowed.', 'forbidden-key')
  // RFC 8259 4: parsers disagree on the meaning of a repeated name.
  if (seen.has(key)) return refused(levels, 'This key appears twice.', 'duplicate-key')
  seen.add(key)
}

function checkString(string: string, levels: Level[]): AppError | undefined {
  if (string.includes('\0')) return refused(levels, 'Remove the NUL character.', 'nul-character')
  if (!string.isWellFormed())
    return refused(levels, 'Remove the unpaired surrogate: it is not a character.', 'lone-surrogate')
}

function refused(levels: Level[], message: string, code: string): AppError {
  const path = levels.map((level) => level.at).join('.')
  return invalid(path.slice(0, maxPathLength).toWellFormed(), message, code)
}
