import { z } from 'zod'
import { BoundedMap } from '../../async/bounded-map.ts'
import { canonicalEmail, isEmail } from '../../text/email-address.ts'
import {
  emailPattern,
  inBounds,
  languagePattern,
  namePattern,
  phonePattern,
  prosePattern,
  slugPattern,
  timeZonePattern,
} from '../../text/patterns.ts'
import { hiddenCharacters, isPlain, isPlainProse, isVisible } from '../../text/shown-text.ts'

/**
 * A string of at most `max` UTF-16 units. Later steps of the schema run only within the bound: normalisation and Intl
 * take time that grows with the square of the length.
 */
export function bounded(max: number, error: string) {
  return z.string().max(max, { error, abort: true })
}

/** A list of at most `max` items. Its items are parsed only within the bound. */
export function boundedList<T extends z.ZodType>(item: T, max: number, min = 0) {
  return z.preprocess((list: z.input<T>[], { addIssue }) => {
    if (!Array.isArray(list) || list.length <= max) return list
    addIssue({ code: 'custom', message: `Send at most ${max} items.` })
    return z.NEVER
  }, z.array(item).min(min).max(max))
}

const tooLongEmail = 'An e-mail address has at most 254 characters.'

/** An e-mail address, canonicalised before it is validated, so that spellings of one address are equal. */
export const Email = bounded(320, tooLongEmail)
  .refine(isPlain, { error: hiddenCharacters, abort: true })
  .overwrite(canonicalEmail)
  .refine((text) => text.length <= 254, { error: tooLongEmail, abort: true })
  .refine(isEmail, 'Send an e-mail address such as name@example.com.')
  .meta({
    format: 'idn-email',
    pattern: emailPattern,
    maxLength: 320,
    description:
      'Trimmed, normalised (NFKC) and lower-cased; the domain as IDNA writes it in letters (xn-- is decoded).',
    examples: ['asha@example.com'],
  })

const tooLongName = 'A name has at most 100 characters.'

/** A given or family name, trimmed. */
export const PersonName = bounded(400, tooLongName)
  .refine(isPlain, { error: hiddenCharacters, abort: true })
  .trim()
  .refine(isVisible, 'A name has at least one visible character.')
  .refine((text) => text.length <= 100 || [...text].length <= 100, tooLongName)
  .meta({
    pattern: namePattern,
    maxLength: 400,
    description: 'Any script; at most 100 characters without the spaces around them.',
    examples: ["O'Brien", 'आशा'],
  })

/**
 * Longer text written by people, such as a reason: several lines, trimmed.
 * @param noun begins the sentence of a refusal, such as `A reason`
 */
export function prose(noun: string) {
  const tooLong = `${noun} has at most 500 characters.`
  return bounded(1_000, tooLong)
    .refine(isPlainProse, { error: hiddenCharacters, abort: true })
    .trim()
    .refine((text) => text.length <= 500 || [...text].length <= 500, tooLong)
    .refine((text) => text === '' || isVisible(text), `${noun} has at least one visible character.`)
    .meta({
      pattern: prosePattern,
      maxLength: 1_000,
      description: 'At most 500 characters without the spaces around them.',
    })
}

/** A telephone number (E.164), with or without the plus sign; spaces, dots, dashes and parentheses are removed. */
export const PhoneNumber = bounded(40, 'A telephone number has at most 40 characters.')
  .overwrite((text) => text.replace(/[\s().-]/g, ''))
  .refine((text) => /^\+?[1-9]\d{5,14}$/.test(text), 'Send the number in international form, such as +14155550100.')
  .meta({ pattern: phonePattern, description: 'E.164; separators are removed.', examples: ['+14155550100'] })

function findLocale(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0]
  } catch {
    return undefined
  }
}

const tooLongTag = 'A language tag has at most 35 characters.'

/** A language tag (BCP 47) in canonical form, which may be longer than the input. */
export const LanguageTag = bounded(64, tooLongTag)
  .trim()
  .refine((text) => text.length <= 35, { error: tooLongTag, abort: true })
  .overwrite((text) => findLocale(text) ?? text)
  .refine((text) => text.length <= 35, { error: tooLongTag, abort: true })
  .refine((text) => findLocale(text) !== undefined, 'Send a BCP 47 language tag such as en or hi-IN.')
  .meta({ pattern: languagePattern, maxLength: 64, description: 'A BCP 47 language tag.', examples: ['en', 'hi-IN'] })

/** Cache of Intl's answers, which take a third of a millisecond. */
const knownTimeZones = new BoundedMap<string, string>(1_000)

function findTimeZone(name: string): string | undefined {
  const known = knownTimeZones.get(name)
  if (known !== undefined) return known
  // Intl also accepts offsets such as +05:30, which have no daylight saving.
  if (!/^[A-Za-z]/.test(name)) return undefined
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions()
    knownTimeZones.set(name, timeZone)
    return timeZone
  } catch {
    return undefined
  }
}

/** A time zone of the IANA database, in its canonical case. */
export const TimeZone = bounded(64, 'A time zone has at most 64 characters.')
  .trim()
  .overwrite((text) => findTimeZone(text) ?? text)
  .refine((text) => findTimeZone(text) !== undefined, 'Send an IANA time zone such as Asia/Kolkata.')
  .meta({ pattern: timeZonePattern, description: 'An IANA time zone.', examples: ['Asia/Kolkata', 'UTC'] })

/** Any UUID (RFC 9562), lower-cased. */
export const Uuid = z
  .guid({ error: 'Send a UUID.', abort: true })
  .toLowerCase()
  .meta({ examples: ['01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5d'] })

/** The name of a plan, feature or role. */
export const Slug = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, {
    error: 'Use 1–63 lower-case letters, digits and underscores, a letter first.',
    abort: true,
  })
  // Names become keys of objects, and every object inherits this one.
  .refine((text) => text !== 'constructor', 'Choose another name.')
  .meta({ pattern: slugPattern, examples: ['premium_dashboard'] })

/** The name of a permission: `entity.action`. */
export const PermissionName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,30}\.[a-z][a-z0-9_]{0,30}$/, 'Name a permission as entity.action, such as profile.read.')
  .meta({ examples: ['profile.read'] })

/** The default size of a page. */
export const defaultLimit = 20

const PageSize = z
  .string()
  .refine(
    (text) => /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100,
    'Send a whole number from 1 to 100.',
  )
  .transform(Number)

/** The size of a page as a query parameter: 1 to 100, digits only. */
export const Limit = PageSize.default(defaultLimit).meta({
  type: 'integer',
  minimum: 1,
  maximum: 100,
  description: 'The most items on one page; 20 when absent.',
})

/** The same for lists that may be streamed: without a limit a stream has all rows. */
export const LimitOfStream = PageSize.optional().meta({
  type: 'integer',
  minimum: 1,
  maximum: 100,
  description: 'The most items. When absent: 20 on a page of JSON, all of them in a stream.',
})

/** Query parameters of every list: the size of a page, and the cursor from the page before. */
export const pagingFields = { limit: Limit, cursor: z.string().max(2_048).optional() }
export const Paging = z.lazy(() => z.strictObject(pagingFields))

const boundedYear = (text: string) => /^20\d\d|^2100/.test(text)

/** A calendar day from 2000 to 2100, YYYY-MM-DD. */
export const IsoDate = z.iso
  .date({ error: 'Send a day as YYYY-MM-DD.', abort: true })
  .refine(boundedYear, 'Send a day from 2000-01-01 to 2100-12-31.')
  .meta({ pattern: inBounds(z.regexes.date), examples: ['2026-01-31'] })

/** An instant from 2000 to 2100 with an offset; converted to UTC with milliseconds. */
export const IsoDateTime = z.iso
  .datetime({ offset: true, error: 'Send a time as 2026-01-31T09:30:00Z, with its offset from UTC.', abort: true })
  .max(40, { error: 'A time has at most 40 characters.', abort: true })
  .overwrite((text) => new Date(text).toISOString())
  .refine(boundedYear, 'Send a time from the year 2000 to 2100.')
  .meta({ pattern: inBounds(z.regexes.datetime({ offset: true })), examples: ['2026-01-31T09:30:00Z'] })
