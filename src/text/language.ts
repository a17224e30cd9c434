/** The languages of mails and hosted pages; the first is the fallback. */
export const languages = ['en', 'hi'] as const
export type Language = (typeof languages)[number]

const [fallback] = languages
/** The most characters of the header that are read. */
const maxHeaderLength = 512

/** The supported language for a language tag (BCP 47): `hi` for `hi-IN`, English for any other. */
export function languageOf(tag: string): Language {
  const primary = tag.split('-', 1)[0]?.toLowerCase()
  return languages.find((language) => language === primary) ?? fallback
}

/**
 * The supported language that an Accept-Language header prefers (RFC 9110, 12.5.4): by quality, then in the header's
 * order.
 * @param header absent or malformed: the fallback
 */
export function preferredLanguage(header: string | undefined): Language {
  let best: { language: Language; quality: number } = { language: fallback, quality: 0 }
  for (const range of (header ?? '').slice(0, maxHeaderLength).split(',')) {
    const [tag = '', ...parameters] = range.split(';').map((part) => part.trim())
    const language = languages.find((one) => one === tag.split('-', 1)[0]?.toLowerCase())
    const quality = qualityOf(parameters)
    if (language && quality > best.quality) best = { language, quality }
  }
  return best.language
}

function qualityOf(parameters: string[]): number {
  const given = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
  if (given === undefined) return 1
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(given) ? Number(given) : 0
}
