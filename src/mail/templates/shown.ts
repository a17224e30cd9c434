import type { Language } from '../../text/language.ts'

const maxNameLength = 80

/**
 * A name that somebody else chose, for one line of a mail: shortened, and with invisible joints (U+2060) at what mail programs
 * would make a link of, so that nobody writes addresses into our mails by calling themselves one.
 */
export function shownName(text: string): string {
  const [...characters] = text.replaceAll(/\s+/g, ' ').trim()
  const short = characters.length <= maxNameLength ? characters : [...characters.slice(0, maxNameLength), '…']
  return short.join('').replaceAll(/[.:/@\\]/g, '$&\u2060')
}

/** An e-mail address that its owner recognises, and nobody else can write to: `a…@example.com`. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@')
  const [first = ''] = email
  return shownName(`${at > 0 ? first : ''}…\u2060${email.slice(Math.max(at, 0))}`)
}

const locales: Record<Language, string> = { en: 'en-IN', hi: 'hi-IN' }

/** A point in time to the minute, with its zone; what is no time is shown as it is. */
export function shownTime(iso: string, language: Language, timeZone: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return shownName(iso)
  const clock = new Intl.DateTimeFormat(locales[language], {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone,
    timeZoneName: 'short',
  })
  return `${shownDay(iso, language, timeZone)}, ${clock.format(date)}`
}

/** The day of a point in time. */
export function shownDay(iso: string, language: Language, timeZone: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return shownName(iso)
  return new Intl.DateTimeFormat(locales[language], { dateStyle: 'long', timeZone }).format(date)
}

/** How long a link works: whole days where it is days, else hours. */
export function shownSpan(hours: number, language: Language): string {
  const days = hours / 24
  const isDays = hours >= 48 && Number.isInteger(days)
  if (language === 'hi') return isDays ? `${days} दिन` : `${hours} ${hours === 1 ? 'घंटा' : 'घंटे'}`
  return isDays ? `${days} days` : hours === 1 ? 'one hour' : `${hours} hours`
}
