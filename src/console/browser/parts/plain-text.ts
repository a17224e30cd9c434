/** Characters that show nothing, or turn the direction of what follows; the joiners are letters' own, as in Devanagari. */
const unseen = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A value as text that looks as it is: whoever wrote it must not hide or turn round a part of it. */
export function plainText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.replace(unseen, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`)
}
