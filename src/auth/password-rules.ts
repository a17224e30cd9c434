import type { FieldError } from '../errors/app-error.ts'
import { countCodePoints, maxCodePoints } from '../http/input/password.ts'
import { isCommonPassword } from './common-passwords.ts'
import { isKnownPhrase, readGuessable } from './password-guesses.ts'
import { effectiveLength, listReadings, type Reading, repeatedUnit } from './password-patterns.ts'

/** Code points beside a guessable word that make the password strong enough (some 40 bits, if they are digits). */
const strongRestCodePoints = 12
const minWordLetters = 4
const minDistinct = 5
const minEffectiveLength = 6

/** NFKC, at set and verify alike, so that two keyboards type one password (NIST SP 800-63B-4, 3.1.1.2). */
export function normalisePassword(text: string): string {
  return text.normalize('NFKC')
}

type Context = {
  email: string
  firstName?: string | null
  lastName?: string | null
  /** In code points. */
  minLength: number
}

/**
 * Checks a new password. These rules never apply to a password that is presented at log-in.
 *
 * - Length: at least `minLength` and at most 256 code points, counted before and after NFKC. There is no rule about kinds
 *   of characters, and nothing is cut off or folded when it is hashed (OWASP ASVS 5.0 6.2.1, 6.2.5, 6.2.8, 6.2.9).
 * - Too simple: fewer than five different characters, or little left once runs such as "1234", "aaaa", "qwerty" count as
 *   one step.
 * - Common: among a million breached passwords (6.2.4, 6.2.12), or a well-known phrase. Most breached passwords are shorter than any
 *   allowed here, so their usual variants are refused too: another case, "@" for "a" and the like, digits and punctuation around or
 *   within, repetition. "Password1234!" is "password". Also made of so few and so common words that it takes fewer than four
 *   million guesses: "letmeinplease".
 * - Context: nothing but the product's name, the e-mail address or its local part, or the person's names, with digits and
 *   punctuation (6.1.2, 6.2.11), or one of those (or of the address's domain) and so little else that it takes as few
 *   guesses: "manas360admin!". A password that contains a name among words of its own is fine.
 *
 * Both of the last two let a single word pass beside twelve or more further characters that would themselves be no run.
 *
 * @returns what is wrong, at path `password`; undefined for a good one
 */
export function checkNewPassword(password: string, context: Context): FieldError | undefined {
  const normalised = normalisePassword(password)
  const lengths = [countCodePoints(password), countCodePoints(normalised)]
  if (Math.min(...lengths) < context.minLength)
    return refuse('too-short', `Use at least ${context.minLength} characters; several words make a good password.`)
  if (Math.max(...lengths) > maxCodePoints) return refuse('too-long', `Use at most ${maxCodePoints} characters.`)
  const folded = normalised.toLowerCase()
  if (isSimple(folded))
    return refuse('too-simple', 'This repeats itself or follows a sequence. Add something unpredictable.')
  const readings = listReadings(folded).filter((reading) => !isStrongRest(reading.rest))
  const words = listContextWords(context)
  const resembles = readings.some((reading) => isMadeOf(reading, words))
    ? 'context'
    : readings.some((reading) => isCommon(reading) || isKnownPhrase(reading))
      ? 'common'
      : readGuessable(folded, listKnownParts(context, words))
  if (resembles === 'common')
    return refuse(
      'common',
      'This resembles a password that attackers try first, or is made of a few common words. Choose another one.',
    )
  if (resembles === 'context')
    return refuse(
      'context',
      'This is made of your name, your e-mail address or the name of this service, and little else. Choose another one.',
    )
  return undefined
}

function refuse(code: string, message: string): FieldError {
  return { path: 'password', message, code }
}

function isSimple(folded: string): boolean {
  const unit = repeatedUnit(folded)
  return (
    new Set(folded).size < minDistinct ||
    effectiveLength(folded) < minEffectiveLength ||
    (unit !== folded && effectiveLength(unit) < minEffectiveLength)
  )
}

function isStrongRest(rest: string): boolean {
  return countCodePoints(rest) >= strongRestCodePoints && !isSimple(rest) && !isCommonPassword(rest)
}

function isCommon({ core }: Reading): boolean {
  return countLettersAndDigits(core) >= minWordLetters && isCommonPassword(core)
}

/** Whether nothing but digits and punctuation is left when the words are taken out, longest first. */
function isMadeOf({ core, rest }: Reading, words: readonly string[]): boolean {
  const left = words.reduce((text, word) => text.replaceAll(word, ''), core)
  return left !== core && !/\p{L}/u.test(left) && !isStrongRest(rest + left)
}

function listContextWords({ email, firstName, lastName }: Context): string[] {
  const address = fold(email)
  const local = address.slice(0, Math.max(0, address.lastIndexOf('@')))
  const names = [fold(firstName ?? ''), fold(lastName ?? '')]
  const parts = [local, ...names].flatMap((word) => word.split(/[^\p{L}\p{M}]+/u))
  const whole = [address, local, ...names, names.join(''), names.toReversed().join('')]
  const bare = whole.flatMap((word) => [word.replace(/[^\p{L}\p{M}\p{N}]/gu, ''), word.replace(/[^\p{L}\p{M}]/gu, '')])
  const own = [...whole, ...bare, ...parts].filter((word) => countLettersAndDigits(word) >= minWordLetters)
  return [...new Set(['manas360', 'manas', ...own])].sort((a, b) => b.length - a.length)
}

/** Parts of a password that an attacker can know: the words of the person and the service, and the address's domain. */
function listKnownParts({ email }: Context, words: readonly string[]): string[] {
  const domain = fold(email)
    .slice(fold(email).lastIndexOf('@') + 1)
    .split('.')
    .slice(0, -1)
  return [...words, ...domain]
    .map((word) => word.replace(/[^\p{L}\p{M}\p{N}]/gu, ''))
    .filter((word) => word.length >= 3)
}

function fold(text: string): string {
  return normalisePassword(text).toLowerCase().trim()
}

function countLettersAndDigits(text: string): number {
  return countCodePoints(text.replace(/[^\p{L}\p{M}\p{N}]/gu, ''))
}
