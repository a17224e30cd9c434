import { describe, expect, test } from 'bun:test'
import { recordAuthzChange } from '../../src/changes/record.ts'
import { type Given, goodPassword, logIn, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql } = app
type Item = {
  id: string
  createdAt: string
  lastUsedAt: string
  expiresAt: string
  ipAddress: string
  userAgent: string
  current: boolean
}
type List = { items: Item[]; nextCursor: string | null }
const me = (bearer: string, at = request) => at('/v1/me', { bearer })
const refresh = (refreshToken: string, at = request) => at('/v1/auth/refresh', { json: { refreshToken } })
const list = async (bearer: string, query = '') => bodyOf<List>(await request(`/v1/auth/sessions${query}`, { bearer }))
const sidOf = ({ accessToken }: SessionJson) => String(claimsOf(accessToken).sid)

/** Three sessions of one person: the first is the one that acts. */
async function threeSessions(): Promise<[SessionJson & Given, SessionJson, SessionJson]> {
  const first = await registered(app)
  return [first, await logIn(app, first), await logIn(app, first)]
}

const acts: Record<
  string,
  (of: SessionJson[]) => { path: string; method?: string; json?: unknown; status?: number; ends: number[] }
> = {
  'log-out': () => ({ path: '/v1/auth/logout', method: 'POST', ends: [0] }),
  'log-out everywhere': () => ({ path: '/v1/auth/logout-all', method: 'POST', ends: [0, 1, 2] }),
  'the end of another session': ([, second]) => ({
    path: `/v1/auth/sessions/${second && sidOf(second)}`,
    method: 'DELETE',
    ends: [1],
  }),
  'the end of the own session': ([first]) => ({
    path: `/v1/auth/sessions/${first && sidOf(first)}`,
    method: 'DELETE',
    ends: [0],
  }),
  'a password change': () => ({
    path: '/v1/auth/password/change',
    json: { currentPassword: goodPassword, newPassword: `another ${goodPassword}` },
    status: 200,
    ends: [1, 2],
  }),
}

describe('is obeyed by the very next request, and after a restart', () => {
  for (const [name, describeAct] of Object.entries(acts))
    test(name, async () => {
      const sessions = await threeSessions()
      const { path, method, json, status = 204, ends } = describeAct(sessions)
      for (const { accessToken } of sessions) expect((await me(accessToken)).status).toBe(200)
      expect((await request(path, { bearer: sessions[0].accessToken, method, json })).status).toBe(status)
      const restarted = await openTestApp({ DATABASE_URL: app.databaseUrl })
      for (const instance of [request, restarted.request])
        for (const [index, { accessToken }] of sessions.entries()) {
          const answer = await me(accessToken, instance)
          if (ends.includes(index)) await expectProblem(answer, 'session-revoked')
          else expect(answer.status).toBe(200)
        }
      for (const [index, { refreshToken }] of sessions.entries()) {
        const answer = await refresh(refreshToken)
        if (ends.includes(index)) await expectProblem(answer, 'invalid-refresh-token')
        else expect(answer.status).toBe(200)
      }
    })
})

test('ended sessions do not hinder a new log-in', async () => {
  const person = await registered(app)
  await request('/v1/auth/logout-all', { method: 'POST', bearer: person.accessToken })
  expect((await me((await logIn(app, person)).accessToken)).status).toBe(200)
})

test('what has ended cannot be ended again', async () => {
  const [first, second] = await threeSessions()
  const end = () => request(`/v1/auth/sessions/${sidOf(second)}`, { method: 'DELETE', bearer: first.accessToken })
  expect((await end()).status).toBe(204)
  await expectProblem(await end(), 'not-found')
  expect((await request('/v1/auth/logout', { method: 'POST', bearer: first.accessToken })).status).toBe(204)
  await expectProblem(
    await request('/v1/auth/logout', { method: 'POST', bearer: first.accessToken }),
    'session-revoked',
  )
})

test("another person's session is not found, and lives on", async () => {
  const [first] = await threeSessions()
  const other = await registered(app)
  const path = `/v1/auth/sessions/${sidOf(other)}`
  await expectProblem(await request(path, { method: 'DELETE', bearer: first.accessToken }), 'not-found')
  expect((await me(other.accessToken)).status).toBe(200)
})

test('each end of a session is in the audit trail, with who ended it', async () => {
  const [first, second] = await threeSessions()
  await request(`/v1/auth/sessions/${sidOf(second)}`, {
    method: 'DELETE',
    bearer: first.accessToken,
    headers: { 'X-Request-Id': `end-${first.id}` },
  })
  const [row] =
    await sql`select actor_id, action, request_id from audit_logs where entity_id = ${sidOf(second)} and action = 'session.end'`
  expect(row).toEqual({ actorId: first.id, action: 'session.end', requestId: `end-${first.id}` })
})

describe('a lock by an administrator', () => {
  const change = (id: string, status: 'locked' | 'active', endSessions?: 'all') =>
    sql.begin(async (tx) => {
      await tx`update user_accounts set status = ${status} where id = ${id}`
      await recordAuthzChange(tx, { accountId: id, endSessions })
    })

  test('is obeyed at once and after a restart; after the unlock the old sessions stay ended', async () => {
    const person = await registered(app)
    await change(person.id, 'locked', 'all')
    const restarted = await openTestApp({ DATABASE_URL: app.databaseUrl })
    for (const instance of [request, restarted.request])
      await expectProblem(await me(person.accessToken, instance), 'account-disabled')
    await expectProblem(await refresh(person.refreshToken), 'invalid-refresh-token')
    await expectProblem(
      await request('/v1/auth/login', { json: { email: person.email, password: goodPassword } }),
      'invalid-credentials',
    )
    await change(person.id, 'active')
    await expectProblem(await me(person.accessToken), 'session-revoked')
    await expectProblem(await refresh(person.refreshToken), 'invalid-refresh-token')
    expect((await me((await logIn(app, person)).accessToken)).status).toBe(200)
  })
})

describe('the list of sessions', () => {
  test('shows the own live ones, newest first, and which is asking', async () => {
    const [first, second, third] = await threeSessions()
    await registered(app)
    await refresh(first.refreshToken)
    const { items, nextCursor } = await list(second.accessToken)
    expect(nextCursor).toBeNull()
    expect(items.map(({ id }) => id)).toEqual([third, second, first].map(sidOf))
    expect(items.map(({ current }) => current)).toEqual([false, true, false])
    expect(Object.keys(items[0] ?? {}).sort()).toEqual([
      'createdAt',
      'current',
      'expiresAt',
      'id',
      'ipAddress',
      'lastUsedAt',
      'userAgent',
    ])
    const [, , oldest] = items
    expect(oldest && oldest.lastUsedAt > oldest.createdAt).toBeTrue()
  })

  test('comes in pages that neither skip nor repeat', async () => {
    const person = await registered(app)
    for (let i = 0; i < 6; i++) await logIn(app, person)
    const seen: string[] = []
    let cursor: string | null = ''
    let pages = 0
    while (cursor !== null) {
      const { items, nextCursor }: List = await list(person.accessToken, `?limit=3${cursor && `&cursor=${cursor}`}`)
      seen.push(...items.map(({ id }) => id))
      cursor = nextCursor
      pages++
    }
    expect([pages, seen.length, new Set(seen).size]).toEqual([3, 7, 7])
  })

  test('leaves out what has ended or expired', async () => {
    const [first, second, third] = await threeSessions()
    await request(`/v1/auth/sessions/${sidOf(second)}`, { method: 'DELETE', bearer: first.accessToken })
    await sql`update sessions set expires_at = clock_timestamp() where id = ${sidOf(third)}`
    expect((await list(first.accessToken)).items.map(({ id }) => id)).toEqual([sidOf(first)])
  })
})

test('beyond 50 sessions, those not used for longest end', async () => {
  const person = await registered(app)
  await sql`insert into sessions (id, account_id, expires_at, last_used_at)
    select gen_random_uuid(), ${person.id}, clock_timestamp() + interval '1 day', clock_timestamp() + interval '1 minute' from generate_series(1, 49)`
  const newest = await logIn(app, person)
  await expectProblem(await me(person.accessToken), 'session-revoked')
  expect((await me(newest.accessToken)).status).toBe(200)
  const live = await sql`select 1 from sessions where account_id = ${person.id} and ended_at is null`
  expect(live).toHaveLength(50)
})
