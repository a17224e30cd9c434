import { describe, expect, test } from 'bun:test'
import { ConfigError } from '../../src/config/config-error.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { loadConfig } from '../../src/room-config.ts'
import { givenAccount, logIn, newEmail } from '../support/accounts.ts'
import { openTestApp, type TestApp, testSecrets } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

/** Every sample by its name and labels. */
async function scrape({ request }: TestApp, headers: Record<string, string> = {}): Promise<Map<string, number>> {
  const response = await request('/metrics', { headers })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

describe('/metrics', () => {
  test('counts answers by route and class of status, refusals by code, and hits of each limit', async () => {
    const app = await openTestApp({ RATE_LIMIT_API: '5/1m', RATE_LIMIT_GLOBAL: '9/1m', RATE_LIMIT_AUTH: '2/15m' })
    const { accessToken: bearer } = await logIn(app, await givenAccount(app))
    for (const feature of ['api_access', 'white_label', 'no_such', 'api_access'])
      await app.request(`/v1/entitlements/${feature}`, { bearer })
    for (let i = 0; i < 4; i++) await app.request('/v1/me', { bearer })
    for (let i = 0; i < 3; i++) await app.request('/v1/auth/login', { json: { email: newEmail(), password: 'wrong' } })
    await app.request('/no-such-route')
    for (let i = 0; i < 6; i++) await app.request('/v1/plans')
    const samples = await scrape(app)
    const count = (name: string) => samples.get(`manas360_${name}`)
    expect(count('http_requests_total{method="GET",route="/v1/entitlements/{feature}",status="2xx"}')).toBe(2)
    expect(count('http_requests_total{method="GET",route="/v1/entitlements/{feature}",status="4xx"}')).toBe(2)
    expect(count('http_requests_total{method="GET",route="/v1/me",status="2xx"}')).toBe(1)
    expect(count('http_requests_total{method="GET",route="/v1/me",status="4xx"}')).toBe(3)
    expect(count('http_requests_total{method="GET",route="unmatched",status="4xx"}')).toBe(1)
    expect(count('problems_total{code="feature-not-in-plan"}')).toBe(1)
    // What has not happened yet is 0, so that the first time is an increase.
    expect(count('problems_total{code="internal-error"}')).toBe(0)
    expect(count('http_requests_total{method="GET",route="/v1/me",status="5xx"}')).toBe(0)
    expect(count('lockouts_total{counter="email"}')).toBe(0)
    expect(count('problems_total{code="not-found"}')).toBe(2)
    expect(count('rate_limit_hits_total{tier="api"}')).toBe(3)
    expect(count('rate_limit_hits_total{tier="auth"}')).toBe(1)
    expect(count('rate_limit_hits_total{tier="global"}')).toBe(1)
    // A second look counts nothing twice.
    expect((await scrape(app)).get('manas360_problems_total{code="feature-not-in-plan"}')).toBe(1)
  })

  test('tells how long answers took, by route as the OpenAPI document writes it', async () => {
    const app = await openTestApp()
    const { accessToken: bearer } = await logIn(app, await givenAccount(app))
    for (let i = 0; i < 7; i++) await app.request('/v1/entitlements/api_access', { bearer })
    const samples = await scrape(app)
    const labels = 'method="GET",route="/v1/entitlements/{feature}",status="2xx"'
    const of = (name: string, more = '') =>
      samples.get(`http_request_duration_seconds_${name}{${more}${labels}}`) ??
      samples.get(`http_request_duration_seconds_${name}{${labels}${more && `,${more.slice(0, -1)}`}}`)
    expect([of('count'), of('bucket', 'le="+Inf",'), of('bucket', 'le="30",')]).toEqual([7, 7, 7])
    expect(of('sum')).toBeGreaterThan(0)
    const bounds = [
      '0.001',
      '0.0025',
      '0.005',
      '0.01',
      '0.025',
      '0.05',
      '0.1',
      '0.25',
      '0.5',
      '1',
      '2.5',
      '5',
      '10',
      '30',
    ]
    const counts = bounds.map((le) => of('bucket', `le="${le}",`) ?? Number.NaN)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  })

  test('tells of database, argon2, recent changes, catalogue and process', async () => {
    const app = await openTestApp()
    const { accessToken: bearer } = await logIn(app, await givenAccount(app))
    await app.request('/v1/auth/logout', { method: 'POST', bearer })
    const samples = await scrape(app)
    const of = (name: string) => samples.get(name) ?? Number.NaN
    expect(of('manas360_database_statements_total')).toBeGreaterThanOrEqual(3)
    expect(of('manas360_database_connections_max')).toBe(10)
    expect(of('manas360_overlay_entries')).toBe(1)
    expect(of('manas360_catalogue_version')).toBe(app.deps.catalogue.current.version)
    for (const check of ['lifecycle', 'database', 'writes', 'changeFeed', 'migrations'])
      expect([check, of(`manas360_ready{check="${check}"}`)]).toEqual([check, 1])
    for (const name of ['database_answer', 'database_wait', 'argon2_wait', 'argon2_hash']) {
      expect([name, of(`manas360_${name}_seconds_count`)]).toEqual([
        name,
        of(`manas360_${name}_seconds_bucket{le="+Inf"}`),
      ])
      expect(of(`manas360_${name}_seconds_count`)).toBeGreaterThan(0)
    }
    for (const name of [
      'manas360_database_slow_statements_total',
      'manas360_database_pool_replacements_total',
      'manas360_database_connections_in_use',
      'manas360_database_connections_awaited',
      'manas360_argon2_running',
      'manas360_quota_leases',
      'manas360_quota_lease_requests_total',
      'manas360_quota_refusals_total',
      'manas360_argon2_waiting',
      'manas360_change_feed_age_seconds',
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_seconds',
    ])
      expect([name, of(name)]).toEqual([name, expect.any(Number)])
  })

  test('tells of each job when it ran last, how long it took and how it ended', async () => {
    const app = await openTestApp()
    for (const { name } of app.deps.jobs) await runJobNow(app.deps, name)
    await app.sql`update job_runs set outcome = 'failed' where name = 'purge-expired'`
    const samples = await scrape(app)
    const now = Date.now() / 1000
    for (const { name } of app.deps.jobs) {
      expect(samples.get(`manas360_job_last_succeeded{job_name="${name}"}`)).toBe(name === 'purge-expired' ? 0 : 1)
      for (const kind of ['run', 'success'])
        expect(
          Math.abs(now - (samples.get(`manas360_job_last_${kind}_timestamp_seconds{job_name="${name}"}`) ?? 0)),
        ).toBeLessThan(60)
      expect(samples.get(`manas360_job_interval_seconds{job_name="${name}"}`)).toBeGreaterThan(0)
      expect(samples.get(`manas360_job_last_duration_seconds{job_name="${name}"}`)).toBeGreaterThan(0)
    }
  })

  test('has no label that tells of a person, and none that a stranger can choose', async () => {
    const app = await openTestApp()
    const person = await givenAccount(app)
    const { accessToken: bearer } = await logIn(app, person)
    await app.request(`/v1/admin/users/${person.id}`, { bearer, ip: '203.0.113.99' })
    await app.request(`/chosen-by-${person.id}`, {
      bearer,
      ip: '203.0.113.99',
      headers: { 'X-Request-Id': 'chosen-id', 'User-Agent': 'chosen-agent' },
    })
    const text = [...(await scrape(app)).keys()].join('\n')
    for (const canary of [person.id, person.email, '203.0.113', 'chosen']) expect(text).not.toContain(canary)
  })

  test('needs OPS_TOKEN in production, does not exist without one, and is never limited', async () => {
    const production = {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://api.manas360.test',
      OPS_TOKEN: 'b7Q2xW9mK4tZ8pL3',
      RATE_LIMIT_GLOBAL: '3/1m',
    }
    const app = await openTestApp(production)
    expect((await app.request('/metrics')).status).toBe(401)
    for (let i = 0; i < 5; i++) await scrape(app, { Authorization: `Bearer ${production.OPS_TOKEN}` })
    await expectProblem(await (await openTestApp({ ...production, OPS_TOKEN: '' })).request('/metrics'), 'not-found')
  })

  test('answers without a database: all but the jobs', async () => {
    const app = await openTestApp()
    await runJobNow(app.deps, 'end-expired')
    expect((await scrape(app)).has('manas360_job_last_succeeded{job_name="end-expired"}')).toBeTrue()
    await app.deps.db.close(0)
    const samples = await scrape(app)
    expect(samples.get('manas360_ready{check="database"}')).toBe(0)
    expect(samples.has('manas360_job_last_succeeded{job_name="end-expired"}')).toBeFalse()
    expect(samples.has('manas360_database_statements_total')).toBeTrue()
  })

  test('has no port of its own: METRICS_PORT is refused', () => {
    expect(() => loadConfig({ ...testSecrets, DATABASE_URL: 'postgres://127.0.0.1/x', METRICS_PORT: '9090' })).toThrow(
      ConfigError,
    )
  })
})
