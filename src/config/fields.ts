import { z } from 'zod'
import { requireOrigin } from '../addresses/origin.ts'
import { readSigningKeys } from '../crypto/signing-keys.ts'

/** `max` requests per `windowMs`, or null: no limit. */
export type RateLimit = { max: number; windowMs: number } | null

const windowUnits = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export const wholeNumber = (minimum: number, maximum: number) =>
  z
    .string()
    .refine((text) => /^\d{1,12}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum, {
      message: `must be a whole number from ${minimum} to ${maximum}`,
    })
    .transform(Number)

export const integer = (minimum: number, maximum: number, fallback: number) =>
  z.string().default(String(fallback)).pipe(wholeNumber(minimum, maximum))

/** After how many days without use an account is erased; `off`: never. The first notice comes 30 days before. */
export const inactiveAccountDays = z
  .string()
  .default('off')
  .refine((text) => text === 'off' || (/^\d{1,4}$/.test(text) && Number(text) >= 60 && Number(text) <= 3_650), {
    message: 'must be off, or a whole number of days from 60 to 3650',
  })
  .transform((text) => (text === 'off' ? null : Number(text)))

export const url = (...protocols: string[]) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
      message: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
      abort: true,
    })
    .refine(isDecodable, 'must have its user and password percent-encoded: a % in them is written %25')

/** A password with a bare % would fail later, in the driver and without a name. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(new URL(text).username + new URL(text).password)
    return true
  } catch {
    return false
  }
}

export const rateLimit = z.string().transform((text, context): RateLimit => {
  if (text === 'off') return null
  const [, max, count, unit] = /^([1-9]\d{0,8})\/([1-9]\d{0,3})?([smhd])$/.exec(text) ?? []
  if (max && unit)
    return { max: Number(max), windowMs: Number(count ?? 1) * windowUnits[unit as keyof typeof windowUnits] }
  context.addIssue({ code: 'custom', message: 'must be N/window such as 600/1m or 100/15m, or off' })
  return z.NEVER
})

/** A private JWK Set, inline or `file:PATH`; the first key signs, all verify. */
export const signingKeys = z.string().transform((text, context) => {
  try {
    return readSigningKeys(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    return z.NEVER
  }
})

export const secret = z.string().min(32, 'must have at least 32 characters (openssl rand -base64 48 makes one)')

/** One or more, separated by commas. */
export const secrets = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.array(secret))

export const origins = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
  )
  .superRefine((list, context) => refuseWhatThrows(() => list.forEach(requireOrigin), context))

/** A setting that another module understands: its complaint is the message. */
export function refuseWhatThrows(
  parse: () => unknown,
  context: { addIssue(issue: { code: 'custom'; message: string }): void },
): void {
  try {
    parse()
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
  }
}
