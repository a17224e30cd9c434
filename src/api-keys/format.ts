import { randomBytes } from 'node:crypto'

/** What every API key begins with; no access token does. */
export const apiKeyMark = 'mk_'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 43 letters of 62 are 256 random bits; the 8 that are shown again leave 208. */
const secretLength = 43
const shownLength = 8
const checksumLength = 6
const shape = new RegExp(`^${apiKeyMark}[0-9A-Za-z]{${secretLength + checksumLength}}$`)

/** A new key and its prefix, the only part that is ever shown again. */
export function mintApiKey(): { key: string; prefix: string } {
  const body = apiKeyMark + randomText(secretLength)
  return { key: body + checksumOf(body), prefix: body.slice(0, apiKeyMark.length + shownLength) }
}

/** Whether a text has a key's shape and checksum, by which scanners for leaked secrets recognise keys, too. */
export function isApiKey(text: string): boolean {
  return shape.test(text) && text.endsWith(checksumOf(text.slice(0, -checksumLength)))
}

function randomText(length: number): string {
  let text = ''
  while (text.length < length)
    // 248 is four times 62: larger bytes would make some letters likelier (modulo bias).
    for (const byte of randomBytes(length)) if (byte < 248 && text.length < length) text += alphabet[byte % 62]
  return text
}

/** CRC-32 in base 62. */
function checksumOf(body: string): string {
  let rest = Bun.hash.crc32(body)
  let text = ''
  for (let i = 0; i < checksumLength; i++) {
    text = alphabet[rest % 62] + text
    rest = Math.floor(rest / 62)
  }
  return text
}
