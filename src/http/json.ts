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
 * @throws AppError `malformed-json` when the text is empty or not JSON
 * @throws AppError `validation-failed` when it nests deeper than 32, has more than 1,000 keys, repeats a key in one object, or
 *   holds `__proto__`, `constructor` or `prototype` as a key, or NUL or a lone surrogate anywhere
 */
export function parseJson(text: string): unknown {
  const value = parse(text)
  scan(text)
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
function scan(text: string): void {
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
          if (mayHoldBad) judgeString(string, levels)
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

/**
 * The body of a request as JSON; reads no further than the limit.
 *
 * @param limitBytes the most that is accepted, whether announced (Content-Length) or chunked
 * @throws AppError `unsupported-media-type`, `payload-too-large`, `malformed-json` (also a byte order mark or invalid UTF-8),
 *   `validation-failed` (see parseJson), or `bad-request` when the connection fails half-way
 */
export async function readJson(request: Request, limitBytes: number): Promise<unknown> {
  return parseJson(await readJsonText(request, limitBytes))
}

/** The text of a JSON body, not parsed yet: see readJson. */
export async function readJsonText(request: Request, limitBytes: number): Promise<string> {
  requireJson(request.headers)
  const bytes = await readBytes(request, limitBytes)
  try {
    // ignoreBOM keeps the mark in the text, where it is not JSON: RFC 8259 8.1 says MUST NOT add one.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new AppError('malformed-json', { cause })
  }
}

function requireJson(headers: Headers): void {
  const type = headers.get('content-type')
  if (type === null || !isJsonType(type) || headers.has('content-encoding'))
    throw new AppError('unsupported-media-type')
}

function isJsonType(type: string): boolean {
  if (type === 'application/json') return true
  const [essence = '', ...parameters] = type.toLowerCase().split(';')
  if (essence.trim() !== 'application/json') return false
  return parameters.every((parameter) => ['', 'charset=utf-8', 'charset="utf-8"'].includes(parameter.trim()))
}

async function readBytes(request: Request, limitBytes: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? Number.NaN)
  if (announced > limitBytes) throw new AppError('payload-too-large')
  try {
    // The server hands over no more than was announced, so only a body of unknown length has to be counted.
    if (announced <= limitBytes || request.body === null) return await request.bytes()
    return await readCounted(request.body, limitBytes)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('bad-request', { detail: 'The body did not arrive whole.', cause })
  }
}

async function readCounted(body: ReadableStream<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop by an exception cancels the stream: the rest is never read.
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > limitBytes) throw new AppError('payload-too-large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

/**
 * Refuses a request that carries a body on a route that takes none; the media type is ignored.
 * Returns nothing at once when the headers already show that there is none.
 *
 * @throws AppError `bad-request`, or the promise rejects with it
 */
export function refuseBody(request: Request): Promise<void> | undefined {
  const announced = request.headers.get('content-length')
  if (announced !== null) {
    if (Number(announced) === 0) return
    throw unexpectedBody()
  }
  if (request.body !== null) return refuseBytes(request.body)
  // Bun discards the body of GET and HEAD: a chunked one can't be seen to be empty, and no client sends that.
  if (request.headers.has('transfer-encoding')) throw unexpectedBody()
}

async function refuseBytes(body: ReadableStream<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of body) if (chunk.byteLength > 0) throw unexpectedBody()
  } catch (cause) {
    throw cause instanceof AppError ? cause : new AppError('bad-request', { cause })
  }
}

function unexpectedBody(): AppError {
  return new AppError('bad-request', { detail: 'This route takes no body.' })
}
