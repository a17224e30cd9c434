import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ConfigError } from '../src/config/config-error.ts'
import { type Config, knownVariables, loadConfig } from '../src/room-config.ts'

import { cert } from './support/certificate.ts'

type Environment = Record<string, string>

const root = join(import.meta.dir, '..')
const example = await Bun.file(join(root, '.env.example')).text()
const productionExample = await Bun.file(join(root, '.env.production.example')).text()
const secretNames = ['JWT_SECRET', 'JWT_REFRESH_SECRET', 'AUDIT_KEY']

/** What a deployer does with the production example: own secrets and names in place of what stands between < and >. */
const filled = fill(parse(productionExample))

function parse(text: string): Environment {
  return Object.fromEntries(
    [...text.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
}

function fill(environment: Environment): Environment {
  const secret = () => randomBytes(48).toString('base64')
  const replace = (value: string) =>
    value
      .replace('<secret>', secret)
      .replace('<url-safe-secret>', () => randomBytes(24).toString('base64url'))
      .replace(/<([a-z.-]+)>/, '$1')
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, replace(value)]))
}

function secrets(): Environment {
  return Object.fromEntries(secretNames.map((name) => [name, randomBytes(48).toString('base64')]))
}

function problemsOf(environment: Environment): string[] {
  try {
    loadConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

function namesOf(problems: string[]): string[] {
  return [...new Set(problems.map((problem) => problem.split(':')[0] ?? ''))].sort()
}

describe.each([
  ['.env.example', example],
  ['.env.production.example', productionExample],
])('%s', (_name, text) => {
  test('holds every variable that the program knows, once, and no other', () => {
    const listed = [...text.matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map(([, name = '']) => name)
    expect(listed.sort()).toEqual([...knownVariables].sort())
  })

  test('says nothing that is no comment, variable or empty line', () => {
    expect(text.split('\n').filter((line) => !/^(#.*|[A-Z][A-Z0-9_]*=\S*|)$/.test(line))).toEqual([])
  })
})

test('.env.example explains every variable', () => {
  const unexplained = example.split(/\n\s*\n/).filter((paragraph) => /^[A-Z]/m.test(paragraph) && !/^#/.test(paragraph))
  expect(unexplained).toEqual([])
})

test('.env.example is accepted as it stands, and shows the defaults as they are', () => {
  const given = { ...secrets(), DATABASE_URL: 'postgres://127.0.0.1/manas360' }
  const shown: Config = loadConfig({ ...parse(example), ...given })
  expect(shown).toEqual(loadConfig(given))
})

test('.env.production.example is accepted once its placeholders are filled', () => {
  expect(Object.values(filled).filter((value) => /[<>]/.test(value))).toEqual([])
  const config = loadConfig(filled)
  expect(config).toMatchObject({
    production: true,
    databaseSsl: 'verify-full',
    publicUrl: 'https://api.your-domain.example',
  })
})

test('.env.production.example is refused with its placeholders in place, all of them named at once', () => {
  const names = namesOf(problemsOf(parse(productionExample)))
  expect(names).toEqual(
    expect.arrayContaining(
      [
        ...secretNames,
        'DATA_KEY',
        'SMTP_URL',
        'MAIL_FROM',
        'PUBLIC_URL',
        'DATABASE_URL',
        'ALLOWED_ORIGINS',
        'OPS_TOKEN',
      ].sort(),
    ),
  )
})

test('every bad variable is named at once, each with what to do', () => {
  const bad: Environment = {
    NODE_ENV: 'staging',
    PORT: '70000',
    PUBLIC_URL: 'api.manas360.com',
    LOG_LEVEL: 'loud',
    OPS_TOKEN: 'short',
    DATABASE_URL: 'mysql://127.0.0.1/manas360',
    DATABASE_MIGRATION_URL: 'nowhere',
    DATABASE_REPLICA_URL: 'nowhere',
    DB_POOL_MAX: '0',
    DB_POOL_MIN: '-1',
    DB_ACQUIRE_TIMEOUT_MS: '1',
    DB_STATEMENT_TIMEOUT_MS: '5s',
    DB_SLOW_QUERY_MS: '1e3',
    DB_SSL: 'maybe',
    DATABASE_ADMIN_URL: 'mysql://127.0.0.1/m',
    DB_CA: 'file:/no/such/bundle.pem',
    JWT_ALGORITHM: 'RS256',
    JWT_KEYS: '{}',
    JWT_SECRET: 'short',
    JWT_SECRET_PREVIOUS: 'short',
    JWT_REFRESH_SECRET: 'short',
    JWT_REFRESH_SECRET_PREVIOUS: 'short',
    AUDIT_KEY_PREVIOUS: `${'k'.repeat(40)},short`,
    JWT_ISSUER: 'x'.repeat(101),
    JWT_AUDIENCE: 'x'.repeat(101),
    ACCESS_TOKEN_TTL_SECONDS: '901',
    REFRESH_TOKEN_TTL_SECONDS: '2592001',
    AUDIT_KEY: 'short',
    DATA_KEY: 'short',
    DATA_KEY_PREVIOUS: `${'k'.repeat(40)},short`,
    MAIL: 'maybe',
    SMTP_URL: 'localhost:25',
    MAIL_FROM: 'nobody',
    APP_URL: 'nowhere',
    RETURN_URLS: 'javascript:alert(1)',
    RP_ID: 'https://manas360.com',
    RP_ORIGINS: 'android:apk-key-hash:short',
    OIDC_PROVIDERS: '{}',
    ALLOWED_ORIGINS: 'https://app.manas360.com/path',
    TRUSTED_PROXIES: '0.0.0.0/0',
    RATE_LIMIT_GLOBAL: '600',
    RATE_LIMIT_AUTH: '0/1m',
    RATE_LIMIT_REGISTER: '100',
    RATE_LIMIT_PASSWORD: '10/1w',
    RATE_LIMIT_MAIL: '60/1',
    RATE_LIMIT_API: 'fast',
    REDIS_URL: 'localhost:6379',
    REDIS_TIMEOUT_MS: 'never',
    REQUEST_TIMEOUT_MS: '0',
    IDLE_TIMEOUT_SECONDS: '256',
    REUSE_PORT: 'yes',
    DRAIN_DELAY_MS: '-5',
    SHUTDOWN_TIMEOUT_MS: 'soon',
    PASSWORD_MIN_LENGTH: '7',
    REQUIRE_EMAIL_VERIFICATION: 'yes',
    REQUIRE_ADMIN_MFA: 'yes',
    CONSENT_DOCUMENTS: 'terms',
    INACTIVE_ACCOUNT_DAYS: '59',
    BILLING_PROVIDERS: 'cash',
    WEBHOOK_PRIVATE_NETWORKS: '10.0.0.0/40',
    BILLING_GRACE_DAYS: '61',
    SEATS_GRACE_DAYS: '91',
    STRIPE_SECRET_KEY: 'sk',
    STRIPE_WEBHOOK_SECRET: 'whsec_1,whsec_2',
    RAZORPAY_KEY_ID: 'rzp',
    RAZORPAY_KEY_SECRET: 'with a space',
    RAZORPAY_WEBHOOK_SECRET: 'short',
    AUTHZ_FEED: 'push',
    JOBS: 'cron',
    OTEL_SDK_DISABLED: 'maybe',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'nowhere',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_HEADERS: 'a b=c',
    OTEL_EXPORTER_OTLP_TIMEOUT: '10s',
    OTEL_SERVICE_NAME: 'two words',
    OTEL_RESOURCE_ATTRIBUTES: 'a=%zz',
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_TRACES_SAMPLER_ARG: '2',
    BRAND_NAME: 'x'.repeat(61),
    BRAND_LOGO_TEXT: '\u200b',
    BRAND_COLOR: 'teal',
    BRAND_SUPPORT: 'nowhere',
  }
  const problems = problemsOf(bad)
  expect(namesOf(problems)).toEqual(Object.keys(bad).sort())
  expect(
    problems.filter((problem) => !/: .*\b(must|cannot|Invalid|neither|would|such as|expected|Too)\b/.test(problem)),
  ).toEqual([])
  // Whatever is not tested above takes any text.
  expect(knownVariables.filter((name) => !(name in bad))).toEqual(['HOST'])
})

test('what must be there and is not is named as required', () => {
  const required = ['DATABASE_URL', ...secretNames].sort()
  const told = required.map((name) =>
    secretNames.includes(name)
      ? `${name}: is required (openssl rand -base64 48 makes a good one)`
      : `${name}: is required`,
  )
  expect(problemsOf({}).sort()).toEqual(told)
  expect(problemsOf(Object.fromEntries(required.map((name) => [name, '']))).sort()).toEqual(told)
})

test('variables of later versions are refused, not ignored', () => {
  const later = {
    METRICS_PORT: '9090',
  }
  expect(namesOf(problemsOf({ ...filled, ...later }))).toEqual(Object.keys(later).sort())
})

test('what is wrong only beside other variables, or only in production, is named beside what is malformed', () => {
  const bad: Environment = {
    PORT: 'x',
    METRICS_PORT: '9090',
    APP_URL: 'http://app.manas360.com',
    DATA_KEY: '',
    AUDIT_KEY: '',
    JWT_SECRET: 'a'.repeat(70),
    PUBLIC_URL: 'http://api.manas360.com',
    DRAIN_DELAY_MS: '25000',
    DB_SSL: 'require',
  }
  const problems = problemsOf({ ...filled, ...bad })
  expect(problems.map((problem) => problem.split(':')[0] ?? '').sort()).toEqual(Object.keys(bad).sort())
  expect(
    namesOf(problemsOf({ ...filled, NODE_ENV: 'development', JWT_REFRESH_SECRET: filled.JWT_SECRET ?? '', PORT: 'x' })),
  ).toEqual(['JWT_REFRESH_SECRET', 'PORT'])
})

test('a malformed variable is named once, and none of its consequences', () => {
  expect(problemsOf({ ...filled, JWT_ALGORITHM: 'RS256', JWT_SECRET: '' })).toHaveLength(1)
  expect(problemsOf({ ...filled, SHUTDOWN_TIMEOUT_MS: 'x', DRAIN_DELAY_MS: '300000' })).toHaveLength(1)
  expect(problemsOf({ ...filled, DATABASE_URL: 'x', DB_SSL: 'disable' })).toHaveLength(1)
})

const letters = 'abcdefghijklmnopqrstuvwxyz'
const mixed = randomBytes(48).toString('base64')
const hex = randomBytes(40).toString('hex')
/** A list with one provider. */
const provider = (more: object = {}) =>
  JSON.stringify([
    { id: 'clinic', displayName: 'Clinic', issuer: 'https://id.clinic.example', clientId: 'manas', ...more },
  ])
const sixLetters = Array.from(randomBytes(80), (byte) => letters[byte % 6]).join('')

test.each<[string, string, Environment]>([
  ['a short signing secret', 'JWT_SECRET', { JWT_SECRET: mixed.slice(0, 63) }],
  ['a short refresh secret', 'JWT_REFRESH_SECRET', { JWT_REFRESH_SECRET: mixed.slice(0, 63) }],
  ['a secret of few characters', 'JWT_SECRET', { JWT_SECRET: sixLetters }],
  ['a secret that repeats itself', 'JWT_SECRET', { JWT_SECRET: letters.slice(0, 16).repeat(4) }],
  ['an example as a secret', 'JWT_SECRET', { JWT_SECRET: `please-change-me-${mixed}` }],
  ['an example as the audit key', 'AUDIT_KEY', { AUDIT_KEY: `your-secret-${mixed}` }],
  ['a weak previous secret', 'JWT_SECRET_PREVIOUS', { JWT_SECRET_PREVIOUS: 'a'.repeat(40) }],
  ['a weak earlier audit key', 'AUDIT_KEY_PREVIOUS', { AUDIT_KEY_PREVIOUS: 'a'.repeat(40) }],
  ['a weak previous refresh secret', 'JWT_REFRESH_SECRET_PREVIOUS', { JWT_REFRESH_SECRET_PREVIOUS: 'a'.repeat(40) }],
  ["a weak operators' token", 'OPS_TOKEN', { OPS_TOKEN: 'a'.repeat(20) }],
  ['one secret for both kinds of token', 'JWT_REFRESH_SECRET', { JWT_SECRET: mixed, JWT_REFRESH_SECRET: mixed }],
  ['no public URL', 'PUBLIC_URL', { PUBLIC_URL: '' }],
  ['a public URL without https', 'PUBLIC_URL', { PUBLIC_URL: 'http://api.manas360.com' }],
  ['every origin', 'ALLOWED_ORIGINS', { ALLOWED_ORIGINS: '*' }],
  ['every origin among others', 'ALLOWED_ORIGINS', { ALLOWED_ORIGINS: 'https://app.manas360.com,*' }],
  ['a distant database without encryption', 'DB_SSL', { DB_SSL: 'disable' }],
  ['a distant database that is not verified', 'DB_SSL', { DB_SSL: 'require' }],
  [
    'a distant migration database that is not verified',
    'DB_SSL',
    {
      DATABASE_URL: 'postgres://127.0.0.1/m',
      DATABASE_MIGRATION_URL: 'postgres://db.manas360.com/m',
      DB_SSL: 'require',
    },
  ],
  [
    'a distant replica that is not verified',
    'DB_SSL',
    {
      DATABASE_URL: 'postgres://127.0.0.1/m',
      DATABASE_REPLICA_URL: 'postgres://replica.manas360.com/m',
      DB_SSL: 'require',
    },
  ],
  ['no database', 'DATABASE_URL', { DATABASE_URL: '' }],
  ['no data key', 'DATA_KEY', { DATA_KEY: '' }],
  ['a weak data key', 'DATA_KEY', { DATA_KEY: 'a'.repeat(40) }],
  ['a weak earlier data key', 'DATA_KEY_PREVIOUS', { DATA_KEY_PREVIOUS: 'a'.repeat(40) }],
  ['the audit key as the data key', 'DATA_KEY', { AUDIT_KEY: mixed, DATA_KEY: mixed }],
  [
    'the password of the mail server as a secret',
    'OPS_TOKEN',
    { OPS_TOKEN: hex, SMTP_URL: `smtps://u:${hex}@m.example` },
  ],
  ['no word on how mail goes out', 'SMTP_URL', { SMTP_URL: '' }],
  ['a mail server without a sender', 'MAIL_FROM', { MAIL_FROM: '' }],
  ['pages for links without https', 'APP_URL', { APP_URL: 'http://app.manas360.com' }],
  ['providers that lead nowhere', 'RETURN_URLS', { OIDC_PROVIDERS: provider() }],
  [
    'a provider without https',
    'OIDC_PROVIDERS',
    { RETURN_URLS: 'https://app.example/x', OIDC_PROVIDERS: provider({ issuer: 'http://127.0.0.1:4011' }) },
  ],
  [
    'proof of addresses without mail',
    'REQUIRE_EMAIL_VERIFICATION',
    { MAIL: 'off', REQUIRE_EMAIL_VERIFICATION: 'true' },
  ],
  ['erasing for inactivity without mail', 'INACTIVE_ACCOUNT_DAYS', { MAIL: 'off', INACTIVE_ACCOUNT_DAYS: '365' }],
  ['no secrets', 'JWT_SECRET', { JWT_SECRET: '' }],
  ['a password with a bare %', 'DATABASE_URL', { DATABASE_URL: 'postgres://m:a%zz@127.0.0.1/m' }],
  ['a Redis that is none', 'REDIS_URL', { REDIS_URL: 'http://redis.manas360.com' }],
  ['a drain as long as the shutdown', 'DRAIN_DELAY_MS', { DRAIN_DELAY_MS: '25000' }],
  ['the audit key as a signing secret', 'AUDIT_KEY', { JWT_SECRET: mixed, AUDIT_KEY: mixed }],
  ['an earlier audit key as a signing secret', 'AUDIT_KEY_PREVIOUS', { JWT_SECRET: mixed, AUDIT_KEY_PREVIOUS: mixed }],
  ["a signing secret as the operators' token", 'OPS_TOKEN', { JWT_REFRESH_SECRET: mixed, OPS_TOKEN: mixed }],
  [
    'the other kind of token by a previous secret',
    'JWT_REFRESH_SECRET',
    { JWT_SECRET_PREVIOUS: mixed, JWT_REFRESH_SECRET: mixed },
  ],
  [
    "the database's password as a secret",
    'AUDIT_KEY',
    { AUDIT_KEY: hex, DATABASE_URL: `postgres://m:${hex}@127.0.0.1/m` },
  ],
  ["Redis' password as a secret", 'OPS_TOKEN', { OPS_TOKEN: hex, REDIS_URL: `rediss://:${hex}@redis.manas360.com` }],
  ['half of all addresses as proxies', 'TRUSTED_PROXIES', { TRUSTED_PROXIES: '0.0.0.0/1' }],
  ['all addresses in parts', 'TRUSTED_PROXIES', { TRUSTED_PROXIES: '0.0.0.0/2,64.0.0.0/2,128.0.0.0/2,192.0.0.0/2' }],
  [
    'very many small ranges',
    'TRUSTED_PROXIES',
    { TRUSTED_PROXIES: Array.from({ length: 512 }, (_, i) => `${20 + (i >> 8)}.${i & 255}.0.0/16`).join() },
  ],
  ['all addresses of IPv6', 'TRUSTED_PROXIES', { TRUSTED_PROXIES: '2000::/3' }],
  ['all of IPv4 as IPv6 writes it', 'TRUSTED_PROXIES', { TRUSTED_PROXIES: '::ffff:0:0/97,::ffff:128.0.0.0/97' }],
  ['half of everything', 'TRUSTED_PROXIES', { TRUSTED_PROXIES: '::/1' }],
  ['a database whose host PGHOST would choose', 'DATABASE_URL', { DATABASE_URL: 'postgres:///manas360' }],
])('production refuses %s, naming %s alone', (_what, name, change) => {
  expect(namesOf(problemsOf({ ...filled, ...change }))).toEqual([name])
})

test('outside production the same weak values are accepted, but for one secret used twice', () => {
  const weak = {
    ...filled,
    NODE_ENV: 'development',
    JWT_SECRET: 'a'.repeat(32),
    PUBLIC_URL: 'http://localhost:3000',

    DB_SSL: 'disable',
  }
  expect(problemsOf(weak)).toEqual([])
  expect(namesOf(problemsOf({ ...weak, JWT_REFRESH_SECRET: 'a'.repeat(32) }))).toEqual(['JWT_REFRESH_SECRET'])
})

test.each([
  'alb',
  'fly',
  'cloudflare',
  'none',
  '10.0.0.0/8,fc00::/7',
  '203.0.113.0/24,2001:db8::/32',
  '100.64.0.0/10,127.0.0.1',
])('production trusts proxies that are somebody’s own: %s', (TRUSTED_PROXIES) => {
  expect(problemsOf({ ...filled, TRUSTED_PROXIES })).toEqual([])
})

test('a secret and its own predecessor may be equal, for that means nothing', () => {
  expect(
    problemsOf({
      ...filled,
      JWT_SECRET: mixed,
      JWT_SECRET_PREVIOUS: mixed,
      AUDIT_KEY_PREVIOUS: filled.AUDIT_KEY ?? '',
    }),
  ).toEqual([])
})

test('DB_CA means verified TLS, on whatever host', () => {
  const change = { DATABASE_URL: 'postgres://127.0.0.1/m', DB_CA: cert }
  expect(loadConfig({ ...filled, DB_CA: cert })).toMatchObject({
    databaseSsl: { ca: [cert] },
    replicaSsl: { ca: [cert] },
  })
  expect(loadConfig({ ...filled, ...change }).databaseSsl).toEqual({ ca: [cert] })
  expect(loadConfig({ ...filled, ...change, DB_SSL: 'verify-full' }).databaseSsl).toEqual({ ca: [cert] })
  for (const DB_SSL of ['disable', 'require'])
    expect(namesOf(problemsOf({ ...filled, ...change, DB_SSL }))).toEqual(['DB_CA'])
})

test('production drains for a load balancer unless it is told otherwise', () => {
  const drain = (change: Environment) => loadConfig({ ...filled, DRAIN_DELAY_MS: '', ...change }).drainDelayMs
  expect(drain({})).toBe(5_000)
  expect(drain({ DRAIN_DELAY_MS: '0' })).toBe(0)
  expect(drain({ SHUTDOWN_TIMEOUT_MS: '3000' })).toBe(1_500)
  expect(drain({ NODE_ENV: 'development' })).toBe(0)
})

test('a URL whose password is not percent-encoded is told from one of another kind, and nothing of it is shown', () => {
  for (const password of ['a#b', 'a/b', 'a?b']) {
    const [problem, ...others] = problemsOf({
      ...filled,
      DATABASE_URL: `postgres://server:${password}@127.0.0.1:5432/m`,
    })
    expect([problem, others]).toEqual([
      expect.stringMatching(/^DATABASE_URL: cannot be read as a URL: .*# is written %23/),
      [],
    ])
    expect(problem).not.toContain(password)
  }
})

test('every sentence about a variable reads as one', () => {
  const sentences = problemsOf({ ...filled, METRICS_PORT: '1', SMTP_URL: 'x', MAIL_FROM: 'x' })
  expect(sentences).toEqual([
    'METRICS_PORT: a port for metrics is not part of this version; unset it',
    'SMTP_URL: must be a URL that begins with smtp:// or smtps://',
    'MAIL_FROM: must be an address such as MANAS360 <no-reply@example.com>',
  ])
})

const development = { ...secrets(), DATABASE_URL: 'postgres://127.0.0.1/m' }
const smtp = { SMTP_URL: 'smtp://mail.manas360.com:587', MAIL_FROM: 'MANAS360 <No-Reply@manas360.com>' }

test('mail goes out by SMTP, is kept in development, or is off', () => {
  const mailOf = (change: Environment) => loadConfig({ ...filled, SMTP_URL: '', MAIL_FROM: '', ...change }).mail
  const from = { name: 'MANAS360', address: 'no-reply@manas360.com' }
  expect(mailOf(smtp)).toEqual({ mode: 'smtp', from, smtpUrl: smtp.SMTP_URL, verifyTls: true })
  expect(mailOf({ ...smtp, MAIL: 'off' })).toEqual({ mode: 'off' })
  expect(loadConfig(development).mail.mode).toBe('kept')
  expect(loadConfig({ ...development, ...smtp, SMTP_URL: 'smtp://127.0.0.1:1025' }).mail).toMatchObject({
    mode: 'smtp',
    verifyTls: false,
  })
  expect(loadConfig({ ...development, ...smtp }).mail).toMatchObject({ verifyTls: true })
})

test.each([
  'MANAS360 <a@b.example',
  'a@b.example>',
  'a@b.example, c@d.example',
  'A\r\nBcc: x@y.example <a@b.example>',
  '<a@b.example> A',
])('nobody is sent mail from %j', (MAIL_FROM) => {
  expect(namesOf(problemsOf({ ...development, ...smtp, MAIL_FROM }))).toEqual(['MAIL_FROM'])
})

test.each([
  'smtps://m.example:465?tls.rejectUnauthorized=false',
  'smtp://m.example/?requireTLS=false',
  'smtp://m.example/x',
  'smtp://u:a%zz@m.example',
  'http://m.example',
])('no mail goes over %s', (SMTP_URL) => {
  expect(namesOf(problemsOf({ ...development, ...smtp, SMTP_URL }))).toEqual(['SMTP_URL'])
})

test('links in mails lead to APP_URL, else to this service', () => {
  const appUrlOf = (change: Environment) => loadConfig({ ...filled, ...change }).appUrl
  expect(appUrlOf({})).toBe('https://api.your-domain.example')
  expect(appUrlOf({ APP_URL: 'https://app.manas360.com/en/' })).toBe('https://app.manas360.com/en')
  for (const APP_URL of ['https://a.example/?x', 'https://a.example/#x', 'https://u:p@a.example', 'ftp://a.example'])
    expect(namesOf(problemsOf({ ...development, APP_URL }))).toEqual(['APP_URL'])
})

test('without DATA_KEY, outside production, it follows from JWT_REFRESH_SECRET', () => {
  const keysOf = (change: Environment) => loadConfig({ ...development, ...change })
  const derived = keysOf({})
  expect(derived).toMatchObject({ dataKeyIsDerived: true, dataKeys: [keysOf({}).dataKeys[0]] })
  expect(keysOf({ JWT_REFRESH_SECRET: mixed }).dataKeys).not.toEqual(derived.dataKeys)
  // What was written before it was set stays readable.
  expect(keysOf({ DATA_KEY: mixed })).toMatchObject({
    dataKeyIsDerived: false,
    dataKeys: [mixed, derived.dataKeys[0]],
  })
  expect(
    loadConfig({ ...filled, DATA_KEY: mixed, DATA_KEY_PREVIOUS: `${hex},${sixLetters}x1y2z3w4v5u6t7` }).dataKeys,
  ).toEqual([mixed, hex, `${sixLetters}x1y2z3w4v5u6t7`])
})

test('the brand is what is configured; a colour may be written with or without its #', () => {
  const brandOf = (change: Environment) => loadConfig({ ...filled, ...change }).brand
  expect(brandOf({})).toEqual({ name: 'MANAS360', logoText: 'MANAS360', color: '#0f766e', support: null })
  expect(brandOf({ BRAND_NAME: 'सुकून', BRAND_COLOR: '#FFE066', BRAND_SUPPORT: 'https://help.example/a' })).toEqual({
    name: 'सुकून',
    logoText: 'सुकून',
    color: '#ffe066',
    support: 'https://help.example/a',
  })
  for (const BRAND_SUPPORT of ['http://help.example', 'javascript:alert(1)', 'https://', 'a@b@c'])
    expect(namesOf(problemsOf({ ...filled, BRAND_SUPPORT }))).toEqual(['BRAND_SUPPORT'])
  for (const BRAND_NAME of ['a\nb', ' a', '\u202ea', '\u2800'])
    expect(namesOf(problemsOf({ ...filled, BRAND_NAME }))).toEqual(['BRAND_NAME'])
})
