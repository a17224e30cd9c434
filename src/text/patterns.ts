import { shownSources } from './shown-text.ts'

/**
 * Patterns of accepted texts for the OpenAPI document: ECMAScript with the flag `u`, for the text as sent. Validation is
 * by code, which is stricter (IANA time zones, length in octets); tests/openapi-input.test.ts compares both.
 */

const { hidden, hiddenBesideLines, idle, visible } = shownSources
const any = '[\\s\\S]*'

/** A pattern of at most `max` characters when trimmed, without hidden ones. */
function shown(max: number, hiding: string): string {
  return `^(?=\\s*(?:\\S[\\s\\S]{0,${max - 2}}\\S|\\S)?\\s*$)(?!${any}(?:${hiding}))(?!${any}(?:${idle}))`
}

export const namePattern = `${shown(100, hidden)}${any}${visible}`
export const filledProsePattern = `${shown(500, hiddenBesideLines)}${any}${visible}`
export const prosePattern = `${shown(500, hiddenBesideLines)}(?:\\s*$|${any}${visible})`

const separators = '[\\s().\\-]*'
export const phonePattern = `^${separators}(?:\\+${separators})?[1-9](?:${separators}[0-9]){5,14}${separators}$`

/** Unicode locale identifiers (UTS 35, 3.2), the tags that Intl accepts. */
export const languagePattern =
  '^\\s*(?=\\S{1,35}\\s*$)(?:[A-Za-z]{2,3}|[A-Za-z]{5,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?' +
  '(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[A-WY-Za-wy-z0-9](?:-[A-Za-z0-9]{2,8})+)*(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?\\s*$'

export const timeZonePattern = '^\\s*[A-Za-z][A-Za-z0-9_+\\-]*(?:/[A-Za-z0-9_+\\-]+)*\\s*$'

const atom = '[^\\s"(),.:;<>@\\[\\\\\\]]+'
const label = '[\\p{L}\\p{N}](?:[\\p{L}\\p{M}\\p{N}\\-]{0,61}[\\p{L}\\p{M}\\p{N}])?'
/** RFC 5321 with the letters of RFC 6531. */
export const emailPattern = `^\\s*(?=[^@]{1,64}@)${atom}(?:\\.${atom})*@(?:${label}\\.)+(?![0-9]+\\s*$)(?=\\S{2})${label}\\s*$`

export const slugPattern = '^(?!constructor$)[a-z][a-z0-9_]{0,62}$'

/** RFC 3986, 3.2.2: addresses of both kinds, and after them a prefix length of at least 1. */
export const networkPattern = `^(?:${ipv4()}(?:/(?:[1-9]|[12][0-9]|3[0-2]))?|${ipv6()}(?:/(?:[1-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))?)$`

function ipv4(): string {
  const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
  return `(?:${octet}\\.){3}${octet}`
}

function ipv6(): string {
  const group = '[0-9A-Fa-f]{1,4}'
  const tail = `(?:${group}:${group}|${ipv4()})`
  const before = (groups: number) => `(?:(?:${group}:){0,${groups}}${group})?::`
  const shortened = [4, 3, 2, 1, 0].map((groups, i) => `${before(i)}(?:${group}:){${groups}}${tail}`)
  return `(?:(?:${group}:){6}${tail}|::(?:${group}:){5}${tail}|${shortened.join('|')}|${before(5)}${group}|${before(6)})`
}

/** Restricts a date pattern to the years 2000 to 2100. */
export function inBounds(regex: RegExp): string {
  return regex.source.replace('^', '^(?=20[0-9]{2}-|2100-)')
}
