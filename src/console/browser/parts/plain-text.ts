/** Invisible and direction-changing characters, except the joiners, which scripts such as Devanagari need. */
const unseen = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * A value as text, with invisible and direction-changing characters replaced, so that none of it is hidden or
 * reordered.
 */
export function plainText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.replace(unseen, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`)
}
