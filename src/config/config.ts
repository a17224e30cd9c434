import { z } from 'zod'
import type { Brand } from '../brand/brand.ts'
import { crossChecks, isLocal, productionChecks, productionDemand } from './checks.ts'
import { ConfigError } from './config-error.ts'
import { dataKeysOf } from './data-keys.ts'
import type { MailConfig } from './mail-fields.ts'
import { Environment, type Parsed, type Sound } from './variables.ts'

/** Names that later versions will know. Silently ignoring them would leave an operator with less than they asked for. */
const notYet: Record<string, string> = {
  METRICS_PORT: 'a port for metrics is',
}

export const knownVariables = Object.keys(Environment.shape)

/** Everything that the environment may set, checked and frozen. Durations carry their unit in the name. */
export type Config = ReturnType<typeof toConfig>

/**
 * Reads the configuration from environment variables; an empty value counts as unset.
 * @throws ConfigError naming every bad variable.
 */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
  const problems = Object.entries(notYet)
    .filter(([name]) => set[name])
    .map(([name, what]) => `${name}: ${what} not part of this version; unset it`)
  // Once in a process: compiling the schema first would take longer than reading it.
  const parsed = Environment.safeParse(set, { jitless: true })
  const issues = parsed.error?.issues ?? []
  const bad = new Set(issues.map(({ path }) => String(path[0])))
  for (const name of bad) {
    const messages = issues.filter(({ path }) => path[0] === name).map(({ message }) => message)
    const value = set[name]
    const demand = value !== undefined && set.NODE_ENV === 'production' ? productionDemand(name, value) : undefined
    problems.push(`${name}: ${value === undefined ? 'is required' : (demand ?? messages.join('; '))}`)
  }
  // What is sound by itself is judged further, so that one start names everything.
  const sound: Sound = parsed.data ?? without(bad).parse(set, { jitless: true })
  const further = [...crossChecks(sound), ...(sound.NODE_ENV === 'production' ? productionChecks(sound) : [])]
  problems.push(...further.filter((problem) => !bad.has(problem.slice(0, problem.indexOf(':')))))
  if (parsed.error || problems.length > 0) throw new ConfigError(problems)
  return toConfig(parsed.data)
}

/** The schema of what is sound: no default stands in for a malformed variable. */
function without(names: ReadonlySet<string>) {
  return z.object(Object.fromEntries(Object.entries(Environment.shape).filter(([name]) => !names.has(name))))
}

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
    replicaUrl: e.DATABASE_REPLICA_URL,
    poolMax: e.DB_POOL_MAX,
    poolMin: Math.min(e.DB_POOL_MIN, e.DB_POOL_MAX),
    statementTimeoutMs: e.DB_STATEMENT_TIMEOUT_MS,
    acquireTimeoutMs: e.DB_ACQUIRE_TIMEOUT_MS,
    slowQueryMs: e.DB_SLOW_QUERY_MS,
    databaseSsl: e.DB_SSL ?? defaultSsl(e.DATABASE_URL),
    replicaSsl: e.DB_SSL ?? defaultSsl(e.DATABASE_REPLICA_URL ?? e.DATABASE_URL),
    accessKeys:
      e.JWT_ALGORITHM === 'HS256'
        ? {
            algorithm: e.JWT_ALGORITHM,
            secrets: [e.JWT_SECRET, e.JWT_SECRET_PREVIOUS].filter((text) => text !== undefined),
          }
        : { algorithm: e.JWT_ALGORITHM, keys: e.JWT_KEYS ?? [] },
    jwtRefreshSecrets: [e.JWT_REFRESH_SECRET, e.JWT_REFRESH_SECRET_PREVIOUS].filter((text) => text !== undefined),
    jwtIssuer: e.JWT_ISSUER ?? publicUrl,
    jwtAudience: e.JWT_AUDIENCE,
    accessTtlSeconds: e.ACCESS_TOKEN_TTL_SECONDS,
    refreshTtlSeconds: e.REFRESH_TOKEN_TTL_SECONDS,
    /** The first signs; all of them verify. */
    auditKeys: [e.AUDIT_KEY, ...(e.AUDIT_KEY_PREVIOUS ?? [])] as const,
    ...dataKeysOf(e),
    mail: mailOf(e),
    /** Where links of mails lead: `APP_URL`, else the pages of this service; no slash at the end. */
    appUrl: (e.APP_URL ?? publicUrl).replace(/\/+$/, ''),
    /** Where people may come back to from elsewhere: what a request names equals one of them exactly. */
    returnUrls: e.RETURN_URLS,
    requireEmailVerification: e.REQUIRE_EMAIL_VERIFICATION === 'true',
    consentDocuments: e.CONSENT_DOCUMENTS,
    /** Null: nobody is erased for not using their account. */
    inactiveAccountDays: e.INACTIVE_ACCOUNT_DAYS,
    allowedOrigins: e.ALLOWED_ORIGINS,
    trustedProxies: e.TRUSTED_PROXIES,
    rateLimitGlobal: e.RATE_LIMIT_GLOBAL,
    rateLimitAuth: e.RATE_LIMIT_AUTH,
    rateLimitRegister: e.RATE_LIMIT_REGISTER,
    rateLimitMail: e.RATE_LIMIT_MAIL,
    // Off with the limit of failures, where a load test or another limiter in front wants none.
    rateLimitPassword: e.RATE_LIMIT_PASSWORD ?? (e.RATE_LIMIT_AUTH && { max: 10, windowMs: 3_600_000 }),
    /** `plan`: each plan's own rate a minute; a number: that rate for all; null: off. */
    rateLimitApi:
      e.RATE_LIMIT_API === 'plan'
        ? ('plan' as const)
        : e.RATE_LIMIT_API === 'off'
          ? null
          : parseInt(e.RATE_LIMIT_API, 10),
    redisUrl: e.REDIS_URL,
    redisTimeoutMs: e.REDIS_TIMEOUT_MS,
    requestTimeoutMs: e.REQUEST_TIMEOUT_MS,
    drainDelayMs: e.DRAIN_DELAY_MS ?? defaultDrainMs(e),
    shutdownTimeoutMs: e.SHUTDOWN_TIMEOUT_MS,
    passwordMinLength: e.PASSWORD_MIN_LENGTH,
    brand: Object.freeze<Brand>({
      name: e.BRAND_NAME,
      logoText: e.BRAND_LOGO_TEXT ?? e.BRAND_NAME,
      color: e.BRAND_COLOR,
      support: e.BRAND_SUPPORT ?? null,
    }),
    authzFeed: e.AUTHZ_FEED,
    jobs: e.JOBS,
  })
}

function mailOf({ MAIL, SMTP_URL, MAIL_FROM, NODE_ENV, BRAND_NAME }: Parsed): MailConfig {
  if (MAIL === 'off') return { mode: 'off' }
  const from = MAIL_FROM ?? { name: BRAND_NAME, address: 'no-reply@manas360.invalid' }
  if (SMTP_URL === undefined) return { mode: 'kept', from }
  // A mail catcher on a developer's own machine offers no certificate that anybody could verify.
  return { mode: 'smtp', from, smtpUrl: SMTP_URL, verifyTls: NODE_ENV === 'production' || !isLocal(SMTP_URL) }
}

/** A load balancer that asks every 2 s, twice, has noticed by then. Of a short shutdown it is half. */
function defaultDrainMs({ NODE_ENV, SHUTDOWN_TIMEOUT_MS }: Parsed): number {
  return NODE_ENV === 'production' ? Math.min(5_000, Math.floor(SHUTDOWN_TIMEOUT_MS / 2)) : 0
}

function defaultSsl(url: string): 'disable' | 'verify-full' {
  return isLocal(url) ? 'disable' : 'verify-full'
}
