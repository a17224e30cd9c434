import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { diagnose } from '../../src/cli/doctor.ts'
import { examineConfiguration } from '../../src/cli/doctor-configuration.ts'
import { examineSharedPort } from '../../src/cli/doctor-shared-port.ts'
import { type Finding, summarise } from '../../src/cli/finding.ts'
import { countConnections } from '../../src/db/connections.ts'
import { createLogger } from '../../src/log/logger.ts'
import { loadConfig } from '../../src/room-config.ts'
import { serve } from '../../src/server.ts'
import { openTestApp, testSecrets } from '../support/app.ts'
import { createDatabase } from '../support/cluster.ts'
import { until } from '../support/server-process.ts'

const secret = () => randomBytes(48).toString('base64')
const production = {
  NODE_ENV: 'production',
  JWT_SECRET: secret(),
  JWT_REFRESH_SECRET: secret(),
  AUDIT_KEY: secret(),
  DATA_KEY: secret(),
  MAIL: 'off',
  PUBLIC_URL: 'https://api.manas360.com',
  DATABASE_URL: 'postgres://127.0.0.1/m',
  TRUSTED_PROXIES: 'alb',
  ALLOWED_ORIGINS: 'https://app.manas360.com',
}
const warned = (change: Record<string, string> = {}) =>
  examineConfiguration(loadConfig({ ...production, ...change })).map(({ name, state }) => `${state} ${name}`)

describe('a warning about production', () => {
  test('is nothing of a plain configuration, and nothing of development', () => {
    expect(warned()).toEqual([])
    expect(
      examineConfiguration(loadConfig({ ...testSecrets, DATABASE_URL: 'postgres://127.0.0.1/m', JOBS: 'off' })),
    ).toEqual([])
  })

  test.each<[string, string, Record<string, string>]>([
    ['a distant Redis without TLS', 'REDIS_URL', { REDIS_URL: 'redis://:secret@redis.manas360.com' }],
    ['a distant Redis without a password', 'REDIS_URL', { REDIS_URL: 'rediss://redis.manas360.com' }],
    ['no proxies, though TLS must end somewhere', 'TRUSTED_PROXIES', { TRUSTED_PROXIES: 'none' }],
    ['an origin that anybody may change', 'ALLOWED_ORIGINS', { ALLOWED_ORIGINS: 'http://app.manas360.com' }],
    ['no jobs', 'JOBS', { JOBS: 'off' }],
    ['no log', 'LOG_LEVEL', { LOG_LEVEL: 'silent' }],
    ['administrators of one factor', 'REQUIRE_ADMIN_MFA', { REQUIRE_ADMIN_MFA: 'false' }],
    ['no time to be taken out', 'DRAIN_DELAY_MS', { DRAIN_DELAY_MS: '0' }],
  ])('is told: %s', (_, name, change) => {
    expect(warned(change)).toEqual([`warning ${name}`])
  })

  test('is nothing of a Redis on this host', () => {
    expect(warned({ REDIS_URL: 'redis://127.0.0.1' })).toEqual([])
  })

  test('has its reason and advice, is marked with !, and fails nothing', async () => {
    const app = await openTestApp()
    const lines: string[] = []
    await diagnose(loadConfig({ ...production, JOBS: 'off', DATABASE_URL: app.databaseUrl }), (line) =>
      lines.push(line),
    )
    const jobs = lines.find((line) => line.includes('JOBS'))
    expect(jobs).toMatch(/^! JOBS: .+\n {4}→ .+$/)
    expect(lines.filter((line) => /^✗ (?!audit trail|durability)/.test(line))).toEqual([])
  })
})

test('the last line counts what is wrong and what is risky', () => {
  const of = (...states: Finding['state'][]) => summarise(states.map((state) => ({ name: 'x', state, detail: 'y' })))
  expect(of('good', 'good')).toBe('Nothing is wrong.')
  expect(of('good', 'warning', 'warning')).toBe('2 marked !: allowed, and risky.')
  expect(of('wrong', 'warning')).toBe('1 marked ✗: mend before anybody is let in; 1 marked !: allowed, and risky.')
})

test('a shared port is risky as long as Linux resets what a process that ends has not accepted', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'manas360-doctor-')), 'tcp_migrate_req')
  const found = () => examineSharedPort({ reusePort: true }, file)
  expect(found()).toBeNull()
  writeFileSync(file, '0\n')
  expect(found()).toMatchObject({ name: 'REUSE_PORT', state: 'warning', advice: expect.stringContaining('sysctl') })
  expect(examineSharedPort({ reusePort: false }, file)).toBeNull()
  writeFileSync(file, '1\n')
  expect(found()).toMatchObject({ state: 'good' })
})

describe('connections', () => {
  test('of an instance under load are as many as are counted', async () => {
    const database = await createDatabase()
    afterAll(database.drop)
    const config = loadConfig({
      ...testSecrets,
      DATABASE_URL: database.url,
      DB_POOL_MAX: '7',
      PORT: '0',
      NODE_ENV: 'test',
    })
    const outside = postgres(process.env.TEST_DATABASE_URL ?? '', { max: 1 })
    afterAll(() => outside.end())
    const server = await serve(config, createLogger({ level: 'silent' }))
    afterAll(() => server.stop())
    const count = async () => {
      const [row] = await outside<{ count: number }[]>`
        select count(*)::int from pg_stat_activity where datname = ${new URL(database.url).pathname.slice(1)}`
      return row?.count ?? 0
    }
    const busy = Array.from({ length: 7 }, () => server.deps.sql`select pg_sleep(3)`)
    await server.deps.db.ping()
    const { usual } = countConnections(config)
    await until(async () => (await count()) === usual, 20, `${usual} connections`)
    await Promise.all(busy)
  })

  test('of two instances with the defaults, and a command, fit into a PostgreSQL with its defaults', () => {
    const { deploying } = countConnections(loadConfig({ ...testSecrets, DATABASE_URL: 'postgres://127.0.0.1/m' }))
    expect(deploying).toBeLessThanOrEqual(100 - 3)
  })

  test('without a listener or jobs are fewer', () => {
    expect(countConnections({ poolMax: 10, authzFeed: 'listen', jobs: 'inline' }).usual).toBe(14)
    expect(countConnections({ poolMax: 10, authzFeed: 'poll', jobs: 'off' }).usual).toBe(12)
  })
})
