import type { Language } from '../../text/language.ts'

const maxNameLength = 80

/**
 * A name that somebody else chose, for one line of a mail: shortened, and with word joiners (U+2060) where mail
 * programs would recognise a link, so that nobody can place links in our mails by their name.
 */
export function displayName(text: string): string {
  const [...characters] = text.replaceAll(/\s+/g, ' ').trim()
  const short = characters.length <= maxNameLength ? characters : [...characters.slice(0, maxNameLength), '…']
  return short.join('').replaceAll(/[.:/@\\]/g, '$&\u2060')
}

/** An e-mail address that its owner recognises and others cannot write to: `a…@example.com`. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@')
  const [first = ''] = email
  return displayName(`${at > 0 ? first : ''}…\u2060${email.slice(Math.max(at, 0))}`)
}

const locales: Record<Language, string> = { en: 'en-IN', hi: 'hi-IN' }

/** A time to the minute, with its zone; invalid times are shown unchanged. */
export function displayTime(iso: string, language: Language, timeZone: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return displayName(iso)
  const clock = new Intl.DateTimeFormat(locales[language], {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone,
    timeZoneName: 'short',
  })
  return `${displayDay(iso, language, timeZone)}, ${clock.format(date)}`
}

/** The day of a time. */
export function displayDay(iso: string, language: Language, timeZone: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return displayName(iso)
  return new Intl.DateTimeFormat(locales[language], { dateStyle: 'long', timeZone }).format(date)
}

/** How long a link works: in whole days where it is days, else in hours. */
export function displaySpan(hours: number, language: Language): string {
  const days = hours / 24
  const isDays = hours >= 48 && Number.isInteger(days)
  if (language === 'hi') return isDays ? `${days} दिन` : `${hours} ${hours === 1 ? 'घंटा' : 'घंटे'}`
  return isDays ? `${days} days` : hours === 1 ? 'one hour' : `${hours} hours`
}
