import { z } from 'zod'
import { parseTrustedProxies } from '../addresses/client-ip.ts'
import { asymmetricAlgorithms } from '../crypto/signing-keys.ts'
import { color, shownBrand, support } from './brand-fields.ts'
import { consentDocuments } from './consent-fields.ts'
import {
  inactiveAccountDays,
  integer,
  origins,
  rateLimit,
  refuseWhatThrows,
  secret,
  secrets,
  signingKeys,
  url,
  wholeNumber,
} from './fields.ts'
import { pageUrl, sender, smtpUrl } from './mail-fields.ts'
import { returnUrls } from './return-urls.ts'

export const Environment = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  PORT: integer(0, 65_535, 3000),
  HOST: z.string().min(1).default('0.0.0.0'),
  PUBLIC_URL: url('http:', 'https:').optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  OPS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  DATABASE_URL: url('postgres:', 'postgresql:'),
  DATABASE_MIGRATION_URL: url('postgres:', 'postgresql:').optional(),
  DATABASE_REPLICA_URL: url('postgres:', 'postgresql:').optional(),
  DB_POOL_MAX: integer(1, 1_000, 40),
  DB_POOL_MIN: integer(0, 1_000, 10),
  DB_ACQUIRE_TIMEOUT_MS: integer(50, 60_000, 2_000),
  DB_STATEMENT_TIMEOUT_MS: integer(100, 600_000, 5_000),
  DB_SLOW_QUERY_MS: integer(1, 600_000, 250),
  DB_SSL: z.enum(['disable', 'require', 'verify-full']).optional(),
  JWT_ALGORITHM: z.enum(['HS256', ...asymmetricAlgorithms]).default('HS256'),
  JWT_KEYS: signingKeys.optional(),
  JWT_SECRET: secret.optional(),
  JWT_SECRET_PREVIOUS: secret.optional(),
  JWT_REFRESH_SECRET: secret,
  JWT_REFRESH_SECRET_PREVIOUS: secret.optional(),
  JWT_ISSUER: z.string().min(1).max(100).optional(),
  JWT_AUDIENCE: z.string().min(1).max(100).default('manas360'),
  ACCESS_TOKEN_TTL_SECONDS: integer(30, 900, 900),
  REFRESH_TOKEN_TTL_SECONDS: integer(300, 2_592_000, 604_800),
  AUDIT_KEY: secret,
  AUDIT_KEY_PREVIOUS: secrets.optional(),
  DATA_KEY: secret.optional(),
  DATA_KEY_PREVIOUS: secrets.optional(),
  MAIL: z.enum(['on', 'off']).default('on'),
  SMTP_URL: smtpUrl.optional(),
  MAIL_FROM: sender.optional(),
  APP_URL: pageUrl.optional(),
  RETURN_URLS: returnUrls,
  ALLOWED_ORIGINS: origins,
  TRUSTED_PROXIES: z
    .string()
    .default('none')
    .superRefine((text, context) => refuseWhatThrows(() => parseTrustedProxies(text), context)),
  RATE_LIMIT_GLOBAL: rateLimit.prefault('600/1m'),
  RATE_LIMIT_AUTH: rateLimit.prefault('100/15m'),
  RATE_LIMIT_REGISTER: rateLimit.prefault('100/1h'),
  RATE_LIMIT_PASSWORD: rateLimit.optional(),
  RATE_LIMIT_MAIL: rateLimit.prefault('60/1h'),
  RATE_LIMIT_API: z
    .string()
    .default('plan')
    .refine((text) => text === 'plan' || text === 'off' || /^[1-9]\d{0,8}\/1?m$/.test(text), {
      message: "must be plan (each plan's own rate), N/1m, or off",
    }),
  REDIS_URL: url('redis:', 'rediss:').optional(),
  REDIS_TIMEOUT_MS: integer(10, 10_000, 100),
  REQUEST_TIMEOUT_MS: integer(100, 600_000, 30_000),
  DRAIN_DELAY_MS: wholeNumber(0, 300_000).optional(),
  SHUTDOWN_TIMEOUT_MS: integer(100, 600_000, 25_000),
  PASSWORD_MIN_LENGTH: integer(8, 128, 12),
  REQUIRE_EMAIL_VERIFICATION: z.enum(['true', 'false']).default('false'),
  CONSENT_DOCUMENTS: consentDocuments,
  INACTIVE_ACCOUNT_DAYS: inactiveAccountDays,
  AUTHZ_FEED: z.enum(['listen', 'poll']).default('listen'),
  JOBS: z.enum(['inline', 'pg_cron', 'off']).default('inline'),
  BRAND_NAME: shownBrand.default('MANAS360'),
  BRAND_LOGO_TEXT: shownBrand.optional(),
  BRAND_COLOR: color.prefault('0f766e'),
  BRAND_SUPPORT: support.optional(),
})

export type Parsed = z.infer<typeof Environment>

/** As far as it could be: malformed variables are left out. */
export type Sound = Partial<Parsed>
