import { randomBytes } from 'node:crypto'

/** The prefix of every API key; no access token has it. */
export const apiKeyMark = 'mk_'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 43 letters of 62 are 256 random bits; without the 8 that stay visible, 208. */
const secretLength = 43
const shownLength = 8
const checksumLength = 6
const shape = new RegExp(`^${apiKeyMark}[0-9A-Za-z]{${secretLength + checksumLength}}$`)

/** A new key, and its visible prefix. */
export function mintApiKey(): { key: string; prefix: string } {
  const body = apiKeyMark + randomText(secretLength)
  return { key: body + checksumOf(body), prefix: body.slice(0, apiKeyMark.length + shownLength) }
}

/** Whether a text has the form and checksum of an API key. Scanners for leaked secrets use the same check. */
export function isApiKey(text: string): boolean {
  return shape.test(text) && text.endsWith(checksumOf(text.slice(0, -checksumLength)))
}

function randomText(length: number): string {
  let text = ''
  while (text.length < length)
    // 248 is four times 62: larger bytes would make some letters more frequent (modulo bias).
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
