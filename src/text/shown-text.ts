/**
 * What nobody sees, or what turns and hides the text beside it: controls, line separators, lone surrogates, annotations, and
 * Unicode's default-ignorable characters, among them the bidirectional ones (UAX 9), tags and the Hangul fillers. Joiners and
 * variation selectors are kept: Devanagari, Persian, Mongolian, Japanese names and emoji are written with them.
 */
const hidden = /(?![\u200C-\u200D]|\p{VS})[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{DI}\uFFF9-\uFFFB]/u
/** The same where a text may have several lines. */
const hiddenBesideLines = /(?![\t\n\r\u200C-\u200D]|\p{VS})[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{DI}\uFFF9-\uFFFB]/u
const everyHidden = new RegExp(hidden.source, 'gu')
/** A joiner or selector that follows nothing it could join or select: it only hides. */
const idle =
  /(?:^|[\s\p{Z}\u200C-\u200D])(?:[\u200C-\u200D]|\p{VS})|\p{VS}\p{VS}|(?<!\p{Ideographic})[\u{E0100}-\u{E01EF}]/u
/** U+2800 is a letter of Braille without a dot. */
const visible = /[^\p{Z}\p{Cc}\p{Cf}\p{DI}\u2800]/u

/** The expressions above as text, for the patterns that the OpenAPI document shows. */
export const shownSources = {
  hidden: hidden.source,
  hiddenBesideLines: hiddenBesideLines.source,
  idle: idle.source,
  visible: visible.source,
}

export const hiddenCharacters = 'Remove the control or invisible characters.'

/** Whether a text of one line shows all that it holds. */
export function isPlain(text: string): boolean {
  return !hidden.test(text) && !idle.test(text)
}

/** The same for several lines, with tabs. */
export function isPlainProse(text: string): boolean {
  return !hiddenBesideLines.test(text) && !idle.test(text)
}

/** JSON in which nothing commands the terminal that shows it, nor turns the text beside it: such characters as escapes. */
export function escapeHidden(json: string): string {
  // By code units, as JSON has it.
  const asEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return json.replace(everyHidden, (character) => character.split('').map(asEscape).join(''))
}

/** Whether there is anything to see. */
export function isVisible(text: string): boolean {
  return visible.test(text)
}
