import { parseTrustedProxies } from '../addresses/client-ip.ts'
import { isTooWide } from '../addresses/networks.ts'
import type { Sound } from './variables.ts'

const LocalHosts = new Set(['localhost', '127.0.0.1', '::1', '[::1]', ''])

/** What single variables cannot tell: how they fit together. */
export function crossChecks(e: Sound): string[] {
  const problems: string[] = []
  if (e.JWT_ALGORITHM === 'HS256') {
    if (e.JWT_SECRET === undefined) problems.push('JWT_SECRET: is required')
    if (e.JWT_KEYS)
      problems.push('JWT_KEYS: HS256 signs nothing with them; set JWT_ALGORITHM to ES256 or EdDSA, or unset it')
  } else if (e.JWT_ALGORITHM) {
    if (e.JWT_KEYS === undefined)
      problems.push(`JWT_KEYS: is required; manas360 keys generate --algorithm ${e.JWT_ALGORITHM} makes them`)
    else if (e.JWT_KEYS.some(({ algorithm }) => algorithm !== e.JWT_ALGORITHM))
      problems.push(`JWT_KEYS: must all be keys of JWT_ALGORITHM, ${e.JWT_ALGORITHM}`)
  }
  if (e.JWT_SECRET !== undefined && e.JWT_SECRET === e.JWT_REFRESH_SECRET)
    problems.push('JWT_REFRESH_SECRET: must differ from JWT_SECRET, or either kind of token could pass for the other')
  if (
    e.DRAIN_DELAY_MS !== undefined &&
    e.SHUTDOWN_TIMEOUT_MS !== undefined &&
    e.DRAIN_DELAY_MS >= e.SHUTDOWN_TIMEOUT_MS
  )
    problems.push('DRAIN_DELAY_MS: must be below SHUTDOWN_TIMEOUT_MS, which counts the whole shutdown')
  problems.push(...mailChecks(e))
  return problems
}

function mailChecks(e: Sound): string[] {
  const problems: string[] = []
  if (e.MAIL === 'off' && e.REQUIRE_EMAIL_VERIFICATION === 'true')
    problems.push('REQUIRE_EMAIL_VERIFICATION: cannot be true with MAIL=off: nobody could verify an address')
  if (e.MAIL === 'off' && typeof e.INACTIVE_ACCOUNT_DAYS === 'number')
    problems.push('INACTIVE_ACCOUNT_DAYS: must be off with MAIL=off: nobody could be warned')
  if (e.MAIL === 'on' && e.SMTP_URL !== undefined && e.MAIL_FROM === undefined)
    problems.push('MAIL_FROM: is required with SMTP_URL')
  return problems
}

/** How long the secrets of production are. */
const leastCharacters = { JWT_SECRET: 64, JWT_REFRESH_SECRET: 64, AUDIT_KEY: 32, DATA_KEY: 32 }

/** What production demands of a variable that is wrong even outside it, where it demands more than its own message says. */
export function productionDemand(name: string, value: string): string | undefined {
  if (name === 'PUBLIC_URL' || name === 'APP_URL') return 'must be a URL that begins with https://'
  const least = leastCharacters[name as keyof typeof leastCharacters]
  if (!least || value.length >= least) return undefined
  return `must have at least ${least} characters in production (openssl rand -base64 48 makes a good one)`
}

/** What production demands beyond that: secrets that are none of the examples, TLS, https. */
export function productionChecks(e: Sound): string[] {
  const problems: string[] = []
  for (const name of ['JWT_SECRET', 'JWT_REFRESH_SECRET', 'AUDIT_KEY', 'DATA_KEY'] as const) {
    const value = e[name]
    const weakness = value && weaknessOf(value, leastCharacters[name])
    if (weakness) problems.push(`${name}: ${weakness} (openssl rand -base64 48 makes a good one)`)
  }
  for (const name of ['JWT_SECRET_PREVIOUS', 'JWT_REFRESH_SECRET_PREVIOUS', 'OPS_TOKEN'] as const) {
    const value = e[name]
    const weakness = value && weaknessOf(value, name === 'OPS_TOKEN' ? 16 : 32)
    if (weakness) problems.push(`${name}: ${weakness}`)
  }
  for (const name of ['AUDIT_KEY_PREVIOUS', 'DATA_KEY_PREVIOUS'] as const) {
    for (const value of e[name] ?? []) {
      const weakness = weaknessOf(value, 32)
      if (weakness) problems.push(`${name}: ${weakness}`)
    }
  }
  if (e.DATA_KEY === undefined) problems.push('DATA_KEY: is required (openssl rand -base64 48 makes a good one)')
  if (e.MAIL === 'on' && e.SMTP_URL === undefined)
    problems.push('SMTP_URL: is required, with MAIL_FROM; or set MAIL=off to do without mail')
  if (e.APP_URL && !e.APP_URL.startsWith('https://')) problems.push('APP_URL: must begin with https:// in production')
  if (!e.PUBLIC_URL) problems.push('PUBLIC_URL: must be set in production, and begin with https://')
  else if (!e.PUBLIC_URL.startsWith('https://')) problems.push('PUBLIC_URL: must begin with https:// in production')
  problems.push(...sharedSecrets(e))
  if (e.TRUSTED_PROXIES !== undefined && isTooWide(parseTrustedProxies(e.TRUSTED_PROXIES).networks))
    problems.push(
      'TRUSTED_PROXIES: holds, all together, so much of the internet that a client could choose its own address; name your proxies alone',
    )
  for (const name of ['DATABASE_URL', 'DATABASE_MIGRATION_URL', 'DATABASE_REPLICA_URL'] as const) {
    const value = e[name]
    if (value && new URL(value).hostname === '')
      problems.push(`${name}: must name its host in production, or PGHOST chooses one that nobody looked at`)
    if (value && !isLocal(value) && (e.DB_SSL ?? 'verify-full') !== 'verify-full')
      problems.push(`DB_SSL: must be verify-full in production, for ${name} points to another host`)
  }
  return problems
}

/** What each kind of secret is for; what it must not share. */
const purposes = {
  JWT_SECRET: 'signs access tokens',
  JWT_SECRET_PREVIOUS: 'verifies access tokens',
  JWT_REFRESH_SECRET: 'signs refresh tokens',
  JWT_REFRESH_SECRET_PREVIOUS: 'verifies refresh tokens',
  AUDIT_KEY: 'signs the audit trail',
  AUDIT_KEY_PREVIOUS: 'verifies the audit trail',
  DATA_KEY: 'encrypts secrets at rest',
  DATA_KEY_PREVIOUS: 'decrypts secrets at rest',
  OPS_TOKEN: "opens the operators' pages, and travels with each of their requests",
} as const

/** One secret for two purposes: whoever learns it by the one has the other. A secret and its own predecessor may be equal. */
function sharedSecrets(e: Sound): string[] {
  const names = Object.keys(purposes) as (keyof typeof purposes)[]
  const own = names.flatMap((name) => [e[name] ?? []].flat().map((value) => ({ name, value, purpose: purposes[name] })))
  const passwords = (
    ['DATABASE_URL', 'DATABASE_MIGRATION_URL', 'DATABASE_REPLICA_URL', 'REDIS_URL', 'SMTP_URL'] as const
  ).flatMap((name) => {
    const value = e[name] && decodeURIComponent(new URL(e[name]).password)
    return value ? [{ name, value, purpose: 'is sent to another server as its password' }] : []
  })
  return own.flatMap(({ name, value }, i) => {
    const kind = name.replace('_PREVIOUS', '')
    const other = [...own.slice(0, i), ...passwords].find(
      (secret) => secret.value === value && secret.name.replace('_PREVIOUS', '') !== kind,
    )
    return other && `${other.name} ${name}` !== 'JWT_SECRET JWT_REFRESH_SECRET'
      ? [`${name}: must differ from ${other.name}, which ${other.purpose}: whoever learns one would have both`]
      : []
  })
}

/** Why a secret is too weak for production, if it is: too short, too uniform, or copied from an example. */
function weaknessOf(text: string, minimumLength: number): string | undefined {
  if (text.length < minimumLength) return `must have at least ${minimumLength} characters in production`
  if (/change.?me|example|placeholder|your.?secret|password|development|insecure/i.test(text))
    return 'looks like an example; production needs one of its own'
  if (new Set(text).size < 12) return 'has too few different characters to be random'
  if (/^(.{1,16})\1+$/s.test(text)) return 'repeats itself'
  return undefined
}

/** Whether a database is on this host, where its traffic needs no TLS. */
export function isLocal(databaseUrl: string): boolean {
  return LocalHosts.has(new URL(databaseUrl).hostname)
}
