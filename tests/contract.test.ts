import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn, registered } from './support/accounts.ts'
import { openTestApp } from './support/app.ts'
import { expectProblem } from './support/problems.ts'

const app = await openTestApp()
const { request, sql } = app

async function superadmin(): Promise<string> {
  return (await logIn(app, await givenAccount(app, { role: 'superadmin' }))).accessToken
}

const bearer = await superadmin()

async function catalogueVersion(): Promise<number> {
  return ((await (await request('/v1/catalogue')).json()) as { version: number }).version
}

describe('lists', () => {
  for (const sort of ['', 'createdAt', '-createdAt', 'lastLoginAt', '-lastLoginAt', 'email', '-email'])
    test(`people have a second page, sorted by ${sort || 'default'}`, async () => {
      for (let i = 0; i < 3; i++) await givenAccount(app)
      const query = `limit=2${sort && `&sort=${sort}`}`
      const first = (await (await request(`/v1/admin/users?${query}`, { bearer })).json()) as {
        items: { id: string }[]
        nextCursor: string
      }
      const second = await request(`/v1/admin/users?${query}&cursor=${first.nextCursor}`, { bearer })
      expect(second.status).toBe(200)
      const { items } = (await second.json()) as { items: { id: string }[] }
      expect(items.map(({ id }) => id)).not.toContain(first.items[1]?.id)
    })
})

describe('an empty PATCH', () => {
  for (const path of ['plans/starter', 'features/api_access', 'roles/guest'])
    test(`of ${path} changes nothing, not even the catalogue's version or the trail`, async () => {
      const before = await catalogueVersion()
      const [{ count: rows } = { count: 0 }] = await sql<
        { count: number }[]
      >`select count(*)::int from audit_logs where action like '%.update'`
      const response = await request(`/v1/admin/${path}`, { method: 'PATCH', json: {}, bearer })
      expect(response.status).toBe(200)
      expect(await catalogueVersion()).toBe(before)
      expect(await sql`select count(*)::int from audit_logs where action like '%.update'`).toMatchObject([
        { count: rows },
      ])
    })
})

test('null clears an optional field of a feature and of a plan', async () => {
  for (const path of ['features/api_access', 'plans/starter']) {
    const response = await request(`/v1/admin/${path}`, { method: 'PATCH', json: { description: null }, bearer })
    expect(response.status).toBe(200)
  }
})

describe('the public catalogue', () => {
  test('If-None-Match: * does not make an unknown name or a bad cursor a 304', async () => {
    const headers = { 'If-None-Match': '*' }
    await expectProblem(await request('/v1/plans/nope', { headers }), 'not-found')
    await expectProblem(await request('/v1/features/nope', { headers }), 'not-found')
    await expectProblem(await request('/v1/plans?cursor=xx', { headers }), 'invalid-cursor')
  })

  test('is cached for a minute, whoever asks', async () => {
    const { accessToken } = await registered(app)
    for (const path of ['/v1/plans', '/v1/plans/free', '/v1/features', '/v1/catalogue'])
      expect((await request(path, { bearer: accessToken })).headers.get('cache-control')).toBe('public, max-age=60')
  })
})

test('POST /v1/subscription needs an interval; the preview does not', async () => {
  const { accessToken } = await registered(app)
  await expectProblem(
    await request('/v1/subscription', { json: { plan: 'starter' }, bearer: accessToken }),
    'validation-failed',
  )
  expect((await request('/v1/subscription/preview', { json: { plan: 'starter' }, bearer: accessToken })).status).toBe(
    200,
  )
})

test('parallel log-outs of one session answer 204 or session-revoked, never 404', async () => {
  const { accessToken } = await registered(app)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => request('/v1/auth/logout', { method: 'POST', bearer: accessToken })),
  )
  expect(answers.filter(({ status }) => status === 404)).toBeEmpty()
})

test('framing and route are judged before a preflight is answered', async () => {
  const headers = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'GET' }
  await expectProblem(
    await request('/v1/me', { method: 'OPTIONS', headers: { ...headers, Host: 'a, b' } }),
    'bad-request',
  )
  await expectProblem(await request('/v1/nope', { method: 'OPTIONS', headers }), 'not-found')
})

test('validation comes before the idempotency key is looked at', async () => {
  const { accessToken } = await registered(app)
  const headers = { 'Idempotency-Key': 'one' }
  expect(
    (await request('/v1/subscription', { json: { plan: 'starter', interval: 'month' }, bearer: accessToken, headers }))
      .status,
  ).toBe(200)
  await expectProblem(
    await request('/v1/subscription', { json: { plan: 'nope', interval: 'month' }, bearer: accessToken, headers }),
    'validation-failed',
  )
})

test('in production /docs answers invalid-token to a Bearer value that is not the operators’', async () => {
  const token = 'k3Zr8QmT1vXw6YbN4sHd2LpC'
  const secret = 'Vq7xW2mZ9cRt4KpL1sNd8HfB3jGy6TaE0uXoQiMkYwCvSzDrPhJnFbUgAeOlI5T2'
  const production = await openTestApp({
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://api.example.com',
    OPS_TOKEN: token,
    ALLOWED_ORIGINS: 'https://app.example.com',
    JWT_SECRET: secret,
    JWT_REFRESH_SECRET: [...secret].reverse().join(''),
    AUDIT_KEY: `${secret.slice(20)}${secret.slice(0, 20)}`,
    DATA_KEY: `${secret.slice(30)}${secret.slice(0, 30)}`,
    RATE_LIMIT_GLOBAL: '600/1m',
    RATE_LIMIT_AUTH: '100/15m',
    RATE_LIMIT_REGISTER: '100/1h',
    RATE_LIMIT_PASSWORD: '10/1h',
    RATE_LIMIT_API: 'plan',
  })
  expect((await production.request('/docs', { bearer: token })).status).toBe(200)
  await expectProblem(await production.request('/docs'), 'authentication-required')
  const refused = await production.request('/docs', { bearer: 'wrong' })
  await expectProblem(refused, 'invalid-token')
  expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
})

test('GET /metrics is Prometheus text', async () => {
  const response = await request('/metrics')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toStartWith('text/plain')
})

describe('erasure', () => {
  test('leaves no trace of the e-mail address that an administrator searched for', async () => {
    const person = await givenAccount(app)
    expect((await request(`/v1/admin/users?q=${encodeURIComponent(person.email)}`, { bearer })).status).toBe(200)
    expect((await request(`/v1/admin/users/${person.id}`, { method: 'DELETE', bearer })).status).toBe(204)
    const left = await sql`
      select data::text from audit_personal where data::text like ${`%${person.email}%`}
       union all select data::text from audit_subjects where data::text like ${`%${person.email}%`}`
    expect([...left]).toBeEmpty()
  })
})

test('asking why somebody may is audited as reading about them', async () => {
  const person = await givenAccount(app)
  expect((await request(`/v1/admin/users/${person.id}/explain?feature=api_access`, { bearer })).status).toBe(200)
  const rows = await sql`select action from audit_logs where entity_id = ${person.id}`
  expect([...rows]).not.toBeEmpty()
})

// Opinion, not the letter of the contract, from here on.
test('a lapsed plan is found under what it is shown as', async () => {
  const person = await givenAccount(app, {
    role: 'subscriber',
    plan: 'professional',
    endsAt: new Date(Date.now() - 60_000),
  })
  const q = encodeURIComponent(person.email)
  const { items } = (await (await request(`/v1/admin/users?q=${q}`, { bearer })).json()) as {
    items: { role: string; plan: { name: string } }[]
  }
  const one = (await (await request(`/v1/admin/users/${person.id}`, { bearer })).json()) as {
    role: string
    plan: { name: string }
  }
  expect(items[0]).toMatchObject({ role: one.role, plan: one.plan })
  const found = (await (await request(`/v1/admin/users?q=${q}&plan=free`, { bearer })).json()) as { items: unknown[] }
  expect(found.items).toHaveLength(1)
})

test('a new password made of the person’s name is refused at a change as at registration', async () => {
  const { accessToken } = await registered(app, { firstName: 'Bartholomew', lastName: 'Featherstone' })
  const json = { currentPassword: goodPassword, newPassword: 'Bartholomew-Featherstone1' }
  await expectProblem(await request('/v1/auth/password/change', { json, bearer: accessToken }), 'validation-failed')
})

test('a superadmin cannot take the permissions of superadmins away for good', async () => {
  const response = await request('/v1/admin/roles/superadmin/permissions', {
    method: 'PUT',
    json: { permissions: ['profile.read'] },
    bearer,
  })
  const after = await request('/v1/admin/roles', { bearer })
  expect([response.status, after.status]).toEqual([409, 200])
})
