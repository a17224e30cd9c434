import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import postgres from 'postgres'
import { createApp } from '../../src/app.ts'
import { diagnose } from '../../src/cli/doctor.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { openDeps } from '../../src/services.ts'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp, patience, type TestApp, testSecrets } from '../support/app.ts'
import { createDatabase } from '../support/cluster.ts'
import { openEmptyDatabase } from '../support/empty-database.ts'
import { openPgBouncer, skipped } from '../support/pgbouncer.ts'
import { startServerProcess, until } from '../support/server-process.ts'
import { givenWholeLife } from '../support/whole-life.ts'

/** No session can be told its time zone through a pooler: the server's own must not matter. */
async function openPooled(): Promise<TestApp> {
  const database = await createDatabase()
  afterAll(database.drop)
  const direct = postgres(database.url, { max: 1 })
  await direct.unsafe(`alter database "${new URL(database.url).pathname.slice(1)}" set timezone to 'America/New_York'`)
  await direct.end()
  return openTestApp({ DATABASE_URL: await openPgBouncer(database.url), AUTHZ_FEED: 'poll' })
}

const opened = skipped ? null : await openPooled()
const empty = skipped ? null : await openEmptyDatabase()
const emptyPooled = empty && (await openPgBouncer(empty.url))

describe.skipIf(skipped)('behind PgBouncer in transaction mode, with AUTHZ_FEED=poll', () => {
  const app = opened as TestApp

  test('a whole life works, as people, administrators and jobs lead it', async () => {
    await givenWholeLife(app, await signedIn(app, { role: 'superadmin' }))
    for (const { name } of app.deps.jobs) expect(await runJobNow(app.deps, name)).not.toBeNull()
    const person = await registered(app)
    for (const path of ['/v1/me', '/v1/dashboard', '/v1/me/export', '/health', '/ready', '/metrics'])
      expect((await app.request(path, { bearer: person.accessToken })).status).toBe(200)
  })

  test('statements of many clients at once do not meet in one session', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, () => registered(app)))
    const asked = Array.from({ length: 80 }, (_, i) => people[i % people.length])
    const answers = await Promise.all(asked.map((person) => app.request('/v1/me', { bearer: person?.accessToken })))
    const seen = await Promise.all(answers.map(async (answer) => (await answer.json()) as { id: string }))
    expect(seen.map(({ id }) => id)).toEqual(asked.map((person) => person?.id ?? ''))
  })

  test('the days of sign-ins are UTC, wherever the server is', async () => {
    const person = await logIn(app, await givenAccount(app, { plan: 'enterprise' }))
    await app.sql`
      update login_attempts set at = date_trunc('day', clock_timestamp() at time zone 'UTC') at time zone 'UTC' - interval '695.5 hours'
       where account_id = ${person.user.id}`
    const answer = await app.request('/v1/dashboard/insights', { bearer: person.accessToken })
    const { days } = (await answer.json()) as { days: { signIns: number }[] }
    expect(days.map(({ signIns }) => signIns)).toEqual([1, ...Array.from({ length: 29 }, () => 0)])
  })

  test('a change made through one instance is obeyed by another within 3 s', async () => {
    const other = await openDeps(app.config, app.deps.log)
    afterAll(() => other.close(1))
    const instance = createApp(other)
    const person = await registered(app)
    const ask = () =>
      instance.fetch(
        new Request('http://localhost/v1/me/entitlements', {
          headers: { Authorization: `Bearer ${person.accessToken}` },
        }),
        {},
      )
    expect((await ask()).status).toBe(200)
    await app.request('/v1/auth/logout', { method: 'POST', bearer: person.accessToken })
    await until(async () => (await ask()).status === 401, 3, 'obedience')
  })

  test('doctor gets through, and says what the role lacks', async () => {
    const lines: string[] = []
    await diagnose(app.config, (line) => lines.push(line))
    expect(lines.filter((line) => /^[✓✗] database: PostgreSQL/.test(line))).toHaveLength(1)
    expect(lines.find((line) => line.startsWith('✗ timeouts behind the pooler: '))).toContain('alter role ')
  })

  test('the program migrates directly, serves through the pooler, and the smoke script holds', async () => {
    const server = await startServerProcess(emptyPooled ?? '', {
      AUTHZ_FEED: 'poll',
      DATABASE_MIGRATION_URL: empty?.url ?? '',
    })
    afterAll(() => server.kill())
    const smoke = Bun.spawn([process.execPath, join(import.meta.dir, '../../scripts/smoke.ts'), server.url], {
      // For the commands that it runs: they go through the pooler too.
      env: {
        ...process.env,
        ...testSecrets,
        ...patience,
        AUTHZ_FEED: 'poll',
        DATABASE_URL: emptyPooled ?? '',
        DATABASE_MIGRATION_URL: empty?.url,
      },
      stdout: 'pipe',
      stderr: 'inherit',
    })
    const told = await new Response(smoke.stdout).text()
    expect([await smoke.exited, told.includes('✗')]).toEqual([0, false])
  })
})
