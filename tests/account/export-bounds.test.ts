import { describe, expect, test } from 'bun:test'
import { exportAccount } from '../../src/account/export.ts'
import { givenAccount, registered } from '../support/accounts.ts'
import { actingAs, signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { sql, deps } = app
const rowsOfEach = 2_600

const exported = (bearer: string, method = 'GET') =>
  app.app.fetch(
    new Request('http://localhost/v1/me/export', { method, headers: { Authorization: `Bearer ${bearer}` } }),
    {},
  )

/** A person with thousands of rows in the tables that grow. */
async function givenLongLife() {
  const person = await signedIn(app)
  await sql`
    insert into login_attempts (id, at, account_id, outcome, ip_address)
    select gen_random_uuid(), '2026-01-01'::timestamptz + i / 3 * interval '1 microsecond', ${person.id}, 'failed', '192.0.2.1' from generate_series(1, ${rowsOfEach}::int) i`
  await sql`
    insert into usage_daily (account_id, day, route, requests)
    select ${person.id}, current_date - i / 50, '/v1/route-' || i % 50, i from generate_series(1, ${rowsOfEach}::int) i`
  // Acts of theirs, acts of others on them, and acts on themself, which both branches find.
  await sql`
    insert into audit_logs (id, at, actor_id, action, entity_type, entity_id, key_id, personal_hash, mac)
    select uuid_v7('2026-01-01'::timestamptz + i * interval '1 second'), now(), case when i % 3 < 2 then ${person.id}::uuid end, 'any.thing', 'account',
           case when i % 3 > 0 then ${person.id} else 'x' end, 'k', sha256(''), sha256('') from generate_series(1, ${rowsOfEach}::int) i`
  return person
}

describe('an export of many rows', () => {
  test('comes page by page, each row once and in order, with no transaction open between', async () => {
    const person = await givenLongLife()
    const chunks: string[] = []
    for await (const chunk of await exportAccount(deps, actingAs(person.id), 'json')) {
      chunks.push(new TextDecoder().decode(chunk))
      if (chunks.length % 10 !== 5) continue
      const [row] = await sql<{ open: number }[]>`
        select count(*)::int as open from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`
      expect(row?.open).toBe(0)
    }
    // A page is 500 rows: what is in memory at once does not grow with the person.
    for (const chunk of chunks) expect(chunk.split('},{').length).toBeLessThanOrEqual(500)
    const parts = JSON.parse(chunks.join('')) as Record<string, Record<string, unknown>[]>
    const day = ({ day, route }: Record<string, unknown>) => `${day} ${route}`
    expect(parts.loginAttempts?.length).toBe(rowsOfEach + 1)
    expect(new Set(parts.loginAttempts?.map(({ id }) => id)).size).toBe(rowsOfEach + 1)
    expect(new Set(parts.usage?.map(day)).size).toBeGreaterThanOrEqual(rowsOfEach)
    const trail = parts.auditTrail?.map(({ id }) => String(id)) ?? []
    expect(trail.length).toBe(rowsOfEach + 1)
    expect(trail).toEqual([...new Set(trail)].sort())
    expect(deps.streams.count()).toBe(0)
  })

  test('leaves one line in the trail, which it does not show itself', async () => {
    const { accessToken, id } = await registered(app)
    const parts = await bodyOf<{ auditTrail: { action: string }[] }>(await exported(accessToken))
    expect(parts.auditTrail.map(({ action }) => action)).toEqual(['account.create'])
    expect(await sql`select 1 from audit_logs where action = 'account.export' and actor_id = ${id}`).toHaveLength(1)
  })
})

describe('exports at once', () => {
  test('are two of one person; the others are told to wait, and leave no line', async () => {
    const { bearer, id } = await signedIn(app)
    const answers = await Promise.all(Array.from({ length: 12 }, () => exported(bearer)))
    const refused = answers.filter(({ status }) => status !== 200)
    expect(refused).toHaveLength(10)
    for (const answer of refused) {
      expect(answer.headers.get('retry-after')).toBe('1')
      await expectProblem(answer, 'rate-limited')
    }
    expect(await sql`select 1 from audit_logs where action = 'account.export' and actor_id = ${id}`).toHaveLength(2)
    // Read by one, left by the other: both places are free again.
    const [read, left] = answers.filter(({ status }) => status === 200)
    await read?.text()
    await left?.body?.cancel()
    for (let i = 0; i < 3; i++) await (await exported(bearer)).text()
  })

  test('and of an administrator the streams of the trail, too', async () => {
    const admin = await signedIn(app, { role: 'admin' })
    const streamed = () =>
      app.app.fetch(
        new Request('http://localhost/v1/admin/audit-logs?format=ndjson', {
          headers: { Authorization: `Bearer ${admin.bearer}` },
        }),
        {},
      )
    const answers = [await streamed(), await streamed()]
    await expectProblem(await streamed(), 'rate-limited')
    for (const answer of answers) await answer.body?.cancel()
    expect((await streamed()).body?.cancel()).resolves.toBeUndefined()
  })

  test('a HEAD begins none', async () => {
    const { bearer } = await signedIn(app)
    for (let i = 0; i < 5; i++) {
      const answer = await exported(bearer, 'HEAD')
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
    }
    expect(deps.streams.count()).toBe(0)
  })
})

test('an hour has room for twenty, so that the trail does not grow with each', async () => {
  const limited = await openTestApp({ RATE_LIMIT_API: '600/1m' })
  const person = await givenAccount(limited)
  const login = await limited.request('/v1/auth/login', { json: { email: person.email, password: person.password } })
  const { accessToken: bearer } = await bodyOf<{ accessToken: string }>(login)
  const told = (answer: Response) => answer.headers.get('ratelimit')?.replace(/reset=3[56]\d\d$/, 'reset=an hour')
  for (let left = 19; left >= 0; left--) {
    const answer = await limited.request('/v1/me/export', { bearer })
    expect(told(answer)).toBe(`limit=20, remaining=${left}, reset=an hour`)
    await answer.text()
  }
  const refused = await limited.request('/v1/me/export', { bearer })
  expect(told(refused)).toBe('limit=20, remaining=0, reset=an hour')
  expect(refused.headers.get('ratelimit-policy')).toBe('20;w=3600')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60)
  await expectProblem(refused, 'rate-limited')
})
