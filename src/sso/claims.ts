import { Email, LanguageTag, PersonName, TimeZone } from '../http/input/fields.ts'
import { ProviderError } from './provider-error.ts'
import type { IdentityProvider } from './variables.ts'

/**
 * A person who signed in at a provider. `issuer` and `subject` together identify them (OpenID Connect Core 5.7); all other claims may
 * change, or be given to another person later.
 */
export type Profile = {
  issuer: string
  subject: string
  /** In canonical form; null where the claim is missing or no valid address. */
  email: string | null
  /** Whether the provider claims to have verified the address. */
  emailVerified: boolean
  /** Whether that claim is trusted for this address, as `trustEmail` configures. */
  isTrusted: boolean
  firstName: string | null
  lastName: string | null
  language: string
  timezone: string
}

export type Claims = Readonly<Record<string, unknown>>

/**
 * Reads the claims of a verified ID token (and of UserInfo of the same subject). Malformed claims are left out.
 * @throws ProviderError for an invalid issuer or subject
 */
export function toProfile({ trustEmail }: Pick<IdentityProvider, 'trustEmail'>, claims: Claims): Profile {
  const { iss, sub } = claims
  if (!isIdentifier(iss, 500) || !isIdentifier(sub, 255)) throw new ProviderError('provider-error', 'no_subject')
  const email = read(Email, claims.email)
  const emailVerified = email !== null && saysVerified(claims)
  return {
    issuer: iss,
    subject: sub,
    email,
    emailVerified,
    isTrusted: emailVerified && isTrusted(trustEmail, email, claims.hd),
    firstName: read(PersonName, claims.given_name),
    lastName: read(PersonName, claims.family_name),
    language: read(LanguageTag, claims.locale) ?? 'en',
    timezone: read(TimeZone, claims.zoneinfo) ?? 'UTC',
  }
}

/** OpenID Connect Core 2: at most 255 ASCII characters, case-sensitive. */
function isIdentifier(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength && /^[\x20-\x7e]+$/.test(value)
}

function read<T>(schema: { safeParse(value: unknown): { data?: T } }, value: unknown): T | null {
  return typeof value === 'string' ? (schema.safeParse(value).data ?? null) : null
}

/**
 * `email_verified`, which some providers send as text. Microsoft has none: there `xms_edov` says that the tenant owns the
 * address's domain; without it anybody with a tenant could have written the address.
 */
function saysVerified({ iss, email_verified, xms_edov }: Claims): boolean {
  if (email_verified === true || email_verified === 'true') return true
  return isMicrosoft(iss) && (xms_edov === true || xms_edov === 'true' || xms_edov === 1 || xms_edov === '1')
}

const isMicrosoft = (iss: unknown) => typeof iss === 'string' && iss.startsWith('https://login.microsoftonline.com/')

function isTrusted(trust: IdentityProvider['trustEmail'], email: string, hd: unknown): boolean {
  const domain = email.slice(email.lastIndexOf('@') + 1)
  if (trust === 'google') return domain === 'gmail.com' || (typeof hd === 'string' && hd.toLowerCase() === domain)
  return typeof trust === 'boolean' ? trust : trust.includes(domain)
}
