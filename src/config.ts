import { z } from 'zod'
import { parseTrustedProxies } from './http/client-ip.ts'

/** `max` requests per `windowMs`, or null: no limit. */
export type RateLimit = { max: number; windowMs: number } | null

const windowUnits = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const LocalHosts = new Set(['localhost', '127.0.0.1', '::1', '[::1]', ''])

const integer = (minimum: number, maximum: number, fallback: number) =>
  z
    .string()
    .default(String(fallback))
    .refine((text) => /^\d{1,12}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum, {
      message: `must be a whole number from ${minimum} to ${maximum}`,
    })
    .transform(Number)

const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  })

const rateLimit = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context): RateLimit => {
      if (text === 'off') return null
      const [, max, count, unit] = /^([1-9]\d{0,8})\/([1-9]\d{0,3})?([smhd])$/.exec(text) ?? []
      if (max && unit)
        return { max: Number(max), windowMs: Number(count ?? 1) * windowUnits[unit as keyof typeof windowUnits] }
      context.addIssue({ code: 'custom', message: 'must be N/window such as 600/1m or 100/15m, or off' })
      return z.NEVER
    })

const secret = z.string().min(32, 'must have at least 32 characters (openssl rand -base64 48 makes one)')

const origins = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
  )
  .refine((list) => list.every((origin) => origin === '*' || isOrigin(origin)), {
    message: 'must be a comma-separated list of origins such as https://app.manas360.com (no path, no trailing slash)',
  })

const Environment = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  PORT: integer(0, 65_535, 3000),
  HOST: z.string().min(1).default('0.0.0.0'),
  PUBLIC_URL: url('http:', 'https:').optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  OPS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  DATABASE_URL: url('postgres:', 'postgresql:'),
  DATABASE_MIGRATION_URL: url('postgres:', 'postgresql:').optional(),
  DB_POOL_MAX: integer(1, 1_000, 50),
  DB_POOL_MIN: integer(0, 1_000, 10),
  DB_STATEMENT_TIMEOUT_MS: integer(100, 600_000, 5_000),
  DB_SLOW_QUERY_MS: integer(1, 600_000, 250),
  DB_SSL: z.enum(['disable', 'require', 'verify-full']).optional(),
  JWT_SECRET: secret,
  JWT_SECRET_PREVIOUS: secret.optional(),
  JWT_REFRESH_SECRET: secret,
  JWT_REFRESH_SECRET_PREVIOUS: secret.optional(),
  JWT_ISSUER: z.string().min(1).max(100).optional(),
  JWT_AUDIENCE: z.string().min(1).max(100).default('manas360'),
  ACCESS_TOKEN_TTL_SECONDS: integer(30, 900, 900),
  REFRESH_TOKEN_TTL_SECONDS: integer(300, 2_592_000, 604_800),
  AUDIT_KEY: secret,
  ALLOWED_ORIGINS: origins,
  TRUSTED_PROXIES: z
    .string()
    .default('none')
    .superRefine((text, context) => {
      try {
        parseTrustedProxies(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
      }
    }),
  RATE_LIMIT_GLOBAL: rateLimit('600/1m'),
  RATE_LIMIT_AUTH: rateLimit('100/15m'),
  RATE_LIMIT_API: z
    .string()
    .default('plan')
    .refine((text) => text === 'plan' || text === 'off' || /^[1-9]\d{0,8}\/1?m$/.test(text), {
      message: "must be plan (each plan's own rate), N/1m, or off",
    }),
  REQUEST_TIMEOUT_MS: integer(100, 600_000, 30_000),
  DRAIN_DELAY_MS: integer(0, 300_000, 0),
  SHUTDOWN_TIMEOUT_MS: integer(100, 600_000, 25_000),
  PASSWORD_MIN_LENGTH: integer(8, 128, 12),
  REQUIRE_EMAIL_VERIFICATION: z
    .enum(['true', 'false'])
    .default('false')
    .refine((text) => text === 'false', {
      message: 'cannot be true yet: this version sends no mail, so nobody could verify an address',
    }),
  AUTHZ_FEED: z.enum(['listen', 'poll']).default('listen'),
  JOBS: z.enum(['inline', 'pg_cron', 'off']).default('inline'),
})

/** Names that later versions will know. Silently ignoring them would leave an operator with less than they asked for. */
const notYet: Record<string, string> = {
  DATABASE_REPLICA_URL: 'read replicas',
  JWT_KEYS: 'asymmetric signing keys',
  METRICS_PORT: 'a port for metrics',
  REDIS_URL: 'rate limits across instances',
  SMTP_URL: 'mail',
  MAIL_FROM: 'mail',
}
const onlyValue: Record<string, string> = { JWT_ALGORITHM: 'HS256' }

export const knownVariables = Object.keys(Environment.shape)

/** Everything that the environment may set, checked and frozen. Durations carry their unit in the name. */
export type Config = ReturnType<typeof toConfig>

/** Bad configuration: `problems` names every bad variable at once, each with what to do. */
export class ConfigError extends Error {
  readonly problems: string[]
  constructor(problems: string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads the configuration from environment variables; an empty value counts as unset.
 * @throws ConfigError naming every bad variable.
 */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
  const problems: string[] = []
  for (const [name, what] of Object.entries(notYet))
    if (set[name]) problems.push(`${name}: ${what} are not part of this version; unset it`)
  for (const [name, value] of Object.entries(onlyValue))
    if (set[name] && set[name] !== value) problems.push(`${name}: this version knows only ${value}; unset it`)
  const parsed = Environment.safeParse(set)
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0])
      problems.push(`${name}: ${set[name] === undefined ? 'is required' : issue.message}`)
    }
    throw new ConfigError(problems)
  }
  problems.push(...crossChecks(parsed.data))
  if (parsed.data.NODE_ENV === 'production') problems.push(...productionChecks(parsed.data))
  if (problems.length > 0) throw new ConfigError(problems)
  return toConfig(parsed.data)
}

type Parsed = z.infer<typeof Environment>

function toConfig(e: Parsed) {
  const publicUrl = (e.PUBLIC_URL ?? `http://localhost:${e.PORT}`).replace(/\/+$/, '')
  return Object.freeze({
    production: e.NODE_ENV === 'production',
    port: e.PORT,
    host: e.HOST,
    publicUrl,
    logLevel: e.LOG_LEVEL,
    opsToken: e.OPS_TOKEN,
    databaseUrl: e.DATABASE_URL,
    migrationUrl: e.DATABASE_MIGRATION_URL ?? e.DATABASE_URL,
    poolMax: e.DB_POOL_MAX,
    poolMin: Math.min(e.DB_POOL_MIN, e.DB_POOL_MAX),
    statementTimeoutMs: e.DB_STATEMENT_TIMEOUT_MS,
    slowQueryMs: e.DB_SLOW_QUERY_MS,
    databaseSsl: e.DB_SSL ?? (isLocal(e.DATABASE_URL) ? ('disable' as const) : ('verify-full' as const)),
    jwtSecrets: [e.JWT_SECRET, e.JWT_SECRET_PREVIOUS].filter((text) => text !== undefined),
    jwtRefreshSecrets: [e.JWT_REFRESH_SECRET, e.JWT_REFRESH_SECRET_PREVIOUS].filter((text) => text !== undefined),
    jwtIssuer: e.JWT_ISSUER ?? publicUrl,
    jwtAudience: e.JWT_AUDIENCE,
    accessTtlSeconds: e.ACCESS_TOKEN_TTL_SECONDS,
    refreshTtlSeconds: e.REFRESH_TOKEN_TTL_SECONDS,
    auditKey: e.AUDIT_KEY,
    allowedOrigins: e.ALLOWED_ORIGINS,
    trustedProxies: e.TRUSTED_PROXIES,
    rateLimitGlobal: e.RATE_LIMIT_GLOBAL,
    rateLimitAuth: e.RATE_LIMIT_AUTH,
    /** `plan`: each plan's own rate a minute; a number: that rate for all; null: off. */
    rateLimitApi:
      e.RATE_LIMIT_API === 'plan'
        ? ('plan' as const)
        : e.RATE_LIMIT_API === 'off'
          ? null
          : parseInt(e.RATE_LIMIT_API, 10),
    requestTimeoutMs: e.REQUEST_TIMEOUT_MS,
    drainDelayMs: e.DRAIN_DELAY_MS,
    shutdownTimeoutMs: e.SHUTDOWN_TIMEOUT_MS,
    passwordMinLength: e.PASSWORD_MIN_LENGTH,
    authzFeed: e.AUTHZ_FEED,
    jobs: e.JOBS,
  })
}

function crossChecks(e: Parsed): string[] {
  const problems: string[] = []
  if (e.JWT_SECRET === e.JWT_REFRESH_SECRET)
    problems.push('JWT_REFRESH_SECRET: must differ from JWT_SECRET, or either kind of token could pass for the other')
  if (e.DRAIN_DELAY_MS >= e.SHUTDOWN_TIMEOUT_MS)
    problems.push('DRAIN_DELAY_MS: must be below SHUTDOWN_TIMEOUT_MS, which counts the whole shutdown')
  return problems
}

function productionChecks(e: Parsed): string[] {
  const problems: string[] = []
  for (const name of ['JWT_SECRET', 'JWT_REFRESH_SECRET', 'AUDIT_KEY'] as const) {
    const weakness = weaknessOf(e[name], name === 'AUDIT_KEY' ? 32 : 64)
    if (weakness) problems.push(`${name}: ${weakness} (openssl rand -base64 48 makes a good one)`)
  }
  for (const name of ['JWT_SECRET_PREVIOUS', 'JWT_REFRESH_SECRET_PREVIOUS', 'OPS_TOKEN'] as const) {
    const value = e[name]
    const weakness = value && weaknessOf(value, name === 'OPS_TOKEN' ? 16 : 32)
    if (weakness) problems.push(`${name}: ${weakness}`)
  }
  if (!e.PUBLIC_URL?.startsWith('https://'))
    problems.push('PUBLIC_URL: must be set in production, and begin with https://')
  if (e.ALLOWED_ORIGINS.includes('*')) problems.push('ALLOWED_ORIGINS: must not be * in production; list the origins')
  for (const name of ['DATABASE_URL', 'DATABASE_MIGRATION_URL'] as const) {
    const value = e[name]
    if (value && !isLocal(value) && (e.DB_SSL ?? 'verify-full') !== 'verify-full')
      problems.push(`DB_SSL: must be verify-full in production, for ${name} points to another host`)
  }
  return problems
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

function isLocal(databaseUrl: string): boolean {
  return LocalHosts.has(new URL(databaseUrl).hostname)
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}
