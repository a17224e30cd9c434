/**
 * Invisible characters, and those that reorder or hide the text around them: controls, line separators, lone surrogates,
 * annotations, and Unicode's default-ignorable ones, such as bidirectional controls (UAX 9), tags and Hangul fillers.
 * Joiners and variation selectors are allowed: Devanagari, Persian, Mongolian, Japanese names and emoji need them.
 */
const hidden = /(?![\u200C-\u200D]|\p{VS})[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{DI}\uFFF9-\uFFFB]/u
/** hidden, for texts of several lines. */
const hiddenBesideLines = /(?![\t\n\r\u200C-\u200D]|\p{VS})[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{DI}\uFFF9-\uFFFB]/u
const everyHidden = new RegExp(hidden.source, 'gu')
/** A joiner or variation selector without a preceding character that it could apply to. */
const idle =
  /(?:^|[\s\p{Z}\u200C-\u200D])(?:[\u200C-\u200D]|\p{VS})|\p{VS}\p{VS}|(?<!\p{Ideographic})[\u{E0100}-\u{E01EF}]/u
/** U+2800 is the blank Braille pattern. */
const visible = /[^\p{Z}\p{Cc}\p{Cf}\p{DI}\u2800]/u

/** The expressions above as text, for the patterns in the OpenAPI document. */
export const shownSources = {
  hidden: hidden.source,
  hiddenBesideLines: hiddenBesideLines.source,
  idle: idle.source,
  visible: visible.source,
}

export const hiddenCharacters = 'Remove the control or invisible characters.'

/** Whether a text of one line has no hidden characters. */
export function isPlain(text: string): boolean {
  return !hidden.test(text) && !idle.test(text)
}

/** isPlain for texts of several lines, with tabs. */
export function isPlainProse(text: string): boolean {
  return !hiddenBesideLines.test(text) && !idle.test(text)
}

/** Escapes hidden characters in JSON, so that it is safe to print in a terminal. */
export function escapeHidden(json: string): string {
  // By UTF-16 code units, as in JSON.
  const asEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return json.replace(everyHidden, (character) => character.split('').map(asEscape).join(''))
}

/** Whether a text has a visible character. */
export function isVisible(text: string): boolean {
  return visible.test(text)
}
