import { describe, expect, test } from 'bun:test'
import { goodPassword, newEmail } from '../../support/accounts.ts'
import { signedIn, stateOf } from '../../support/administration.ts'
import { bodyOf, openTestApp, type SessionJson } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp()
const { request } = app

const person = await signedIn(app)
const admin = await signedIn(app, { role: 'admin' })
await signedIn(app, { role: 'superadmin' })
const target = await signedIn(app)

/** Every way to say "and by the way, I am a superadmin" that came to mind. */
const smuggled: Record<string, unknown>[] = [
  ...['role', 'Role', 'ROLE', 'rоle', 'role ', 'roles', 'roleName', 'role_name'].map((key) => ({
    [key]: 'superadmin',
  })),
  ...['privilegeLevel', 'privilege_level', 'level', 'lvl'].map((key) => ({ [key]: 100 })),
  ...['permissions', 'perms'].map((key) => ({ [key]: ['settings.manage'] })),
  ...['plan', 'tier', 'subscription'].map((key) => ({ [key]: 'enterprise' })),
  ...['status', 'emailVerified', 'email_verified_at', 'authzVersion', 'passwordHash', 'id', 'email'].map((key) => ({
    [key]: 'active',
  })),
  { user: { role: 'superadmin' } },
  { firstName: { role: 'superadmin' } },
  { firstName: ['superadmin'] },
  { 'user.role': 'superadmin' },
  { 'user[role]': 'superadmin' },
  { constructor: { prototype: { role: 'superadmin' } } },
  { features: ['sso_oauth'], overrides: { sso_oauth: { g: true } } },
]

describe('a field for role, plan or status', () => {
  for (const json of smuggled) {
    test(`is refused in a profile: ${JSON.stringify(json)}`, async () => {
      for (const [id, path, bearer] of [
        [person.id, '/v1/me', person.bearer],
        [target.id, `/v1/admin/users/${target.id}`, admin.bearer],
      ] as const) {
        const before = await stateOf(app, id)
        await expectProblem(
          await request(path, { method: 'PATCH', bearer, json: { firstName: 'Asha', ...json } }),
          'validation-failed',
        )
        expect(await stateOf(app, id)).toEqual(before)
      }
    })

    test(`is refused at registration: ${JSON.stringify(json)}`, async () => {
      const answer = await request('/v1/auth/register', {
        json: { email: newEmail(), password: goodPassword, ...json },
      })
      await expectProblem(answer, 'validation-failed')
    })
  }

  test('by __proto__ is refused, written by hand', async () => {
    const { deps } = app
    for (const body of [
      '{"__proto__":{"role":"superadmin"}}',
      '{"firstName":"Asha","__proto__":{"role":"superadmin"}}',
      '{"role":"user","role":"superadmin"}',
    ]) {
      const answer = await app.app.request('/v1/me', {
        method: 'PATCH',
        headers: { Authorization: `Bearer ${person.bearer}`, 'Content-Type': 'application/json' },
        body,
      })
      expect(answer.status).toBe(422)
    }
    expect(deps.catalogue.current.roles.has('superadmin')).toBe(true)
  })

  test('in the query or in headers changes nothing', async () => {
    await expectProblem(
      await request('/v1/me?role=superadmin', { method: 'PATCH', bearer: person.bearer, json: {} }),
      'validation-failed',
    )
    const headers = {
      'X-Role': 'superadmin',
      'X-HTTP-Method-Override': 'DELETE',
      'X-Original-URL': '/v1/admin/users',
      'X-User-Id': admin.id,
    }
    const answer = await request('/v1/me', { bearer: person.bearer, headers })
    expect(await bodyOf<SessionJson['user']>(answer)).toMatchObject({ id: person.id, role: 'user', privilegeLevel: 10 })
  })
})

describe('the role in a request', () => {
  const odd: unknown[] = [
    'SUPERADMIN',
    'Superadmin',
    ' superadmin',
    'superadmin ',
    'superadmin\u0000',
    'ѕuperadmin',
    'superadmin\n',
    'super_admin',
    '',
    ['superadmin'],
    ['user', 'superadmin'],
    { name: 'superadmin' },
    null,
    100,
    true,
    'nobody_knows_it',
    "user'; update user_accounts set role = 'superadmin' --",
  ]
  for (const role of odd)
    test(`is a known role in its one spelling, or 422: ${JSON.stringify(role)}`, async () => {
      const before = await stateOf(app, target.id)
      const answer = await request(`/v1/admin/users/${target.id}/role`, {
        method: 'PUT',
        bearer: admin.bearer,
        json: { role },
      })
      await expectProblem(answer, 'validation-failed')
      expect(await stateOf(app, target.id)).toEqual(before)
    })

  test('cannot come with anything else', async () => {
    for (const more of [{ accountId: admin.id }, { privilegeLevel: 100 }, { Role: 'superadmin' }, { permissions: [] }])
      await expectProblem(
        await request(`/v1/admin/users/${target.id}/role`, {
          method: 'PUT',
          bearer: admin.bearer,
          json: { role: 'subscriber', ...more },
        }),
        'validation-failed',
      )
  })
})

test('the account acted on is the one in the path, whatever a body names', async () => {
  for (const path of ['/lock', '/subscription', '/features/sso_oauth']) {
    const answer = await request(`/v1/admin/users/${target.id}${path}`, {
      method: path === '/lock' ? 'POST' : 'PUT',
      bearer: admin.bearer,
      json: { reason: 'asked for', granted: true, plan: 'starter', id: admin.id, accountId: admin.id },
    })
    await expectProblem(answer, 'validation-failed')
  }
})
