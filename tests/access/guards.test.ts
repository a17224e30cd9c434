import { describe, expect, test } from 'bun:test'
import type { MiddlewareHandler } from 'hono'
import type { AuthedEnv } from '../../src/access/env.ts'
import { requireAnyPermission, requirePermission, requirePrivilege, requireRole } from '../../src/access/guards.ts'
import type { ProblemCode } from '../../src/errors/app-error.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { guardedBy, makeKnown } from '../support/guarded.ts'
import { expectProblem } from '../support/problems.ts'
import { claimsOf, mint } from '../support/tokens.ts'

const app = await openTestApp()
const { sql } = app
const roles = ['guest', 'user', 'subscriber', 'admin', 'superadmin'] as const
const bearers = Object.fromEntries(
  await Promise.all(
    roles.map(async (role) => [role, (await logIn(app, await givenAccount(app, { role }))).accessToken] as const),
  ),
)

type Case = {
  name: string
  guard: MiddlewareHandler<AuthedEnv>
  admits: (typeof roles)[number][]
  code: ProblemCode
  members: Record<string, unknown>
}

const cases: Case[] = [
  {
    name: 'requireRole(one)',
    guard: requireRole('admin'),
    admits: ['admin'],
    code: 'role-not-allowed',
    members: { requiredRoles: ['admin'] },
  },
  {
    name: 'requireRole(any of several)',
    guard: requireRole('guest', 'superadmin'),
    admits: ['guest', 'superadmin'],
    code: 'role-not-allowed',
    members: { requiredRoles: ['guest', 'superadmin'] },
  },
  {
    name: 'requirePrivilege, its level included',
    guard: requirePrivilege(50),
    admits: ['subscriber', 'admin', 'superadmin'],
    code: 'privilege-too-low',
    members: { requiredPrivilege: 50 },
  },
  {
    name: 'requirePermission(one)',
    guard: requirePermission('profile.update'),
    admits: ['user', 'subscriber', 'admin', 'superadmin'],
    code: 'permission-denied',
    members: { requiredPermissions: ['profile.update'] },
  },
  {
    name: 'requirePermission(all of several)',
    guard: requirePermission('users.manage', 'settings.manage'),
    admits: ['superadmin'],
    code: 'permission-denied',
    members: { requiredPermissions: ['users.manage', 'settings.manage'] },
  },
  {
    name: 'requireAnyPermission',
    guard: requireAnyPermission('users.manage', 'settings.manage'),
    admits: ['admin', 'superadmin'],
    code: 'permission-denied',
    members: { requiredPermissions: ['users.manage', 'settings.manage'] },
  },
  {
    name: 'a permission that nobody holds',
    guard: requirePermission('planets.move'),
    admits: [],
    code: 'permission-denied',
    members: { requiredPermissions: ['planets.move'] },
  },
]

for (const { name, guard, admits, code, members } of cases)
  describe(name, () => {
    const ask = guardedBy(app, guard)
    for (const role of roles)
      test(`${admits.includes(role) ? 'admits' : 'refuses'} a ${role}`, async () => {
        const answer = await ask(bearers[role] ?? '')
        if (admits.includes(role)) return expect(answer.status).toBe(200)
        const problem = await expectProblem(answer, code)
        expect(problem).toMatchObject(members)
        // No plan buys what a role lacks.
        expect(problem).not.toHaveProperty('upgrade')
      })
  })

describe('guards look at who somebody is now, not when the token was made', () => {
  const ask = guardedBy(app, requirePermission('users.manage'))

  test('a demotion is obeyed by the next request, and the client told to fetch another token', async () => {
    const account = await givenAccount(app, { role: 'admin' })
    const { accessToken } = await logIn(app, account)
    expect((await ask(accessToken)).status).toBe(200)
    await sql`update user_accounts set role = 'user' where id = ${account.id}`
    await makeKnown(app, account.id)
    await expectProblem(await ask(accessToken), 'permission-denied')
    const answer = await app.request('/v1/me', { bearer: accessToken })
    expect(answer.headers.get('authz-refresh')).toBe('1')
    expect(await answer.json()).toMatchObject({ role: 'user', privilegeLevel: 10 })
  })

  test('what everybody may read, and caches may keep, tells nobody to fetch another token', async () => {
    const account = await givenAccount(app, { role: 'admin' })
    const { accessToken: bearer } = await logIn(app, account)
    await sql`update user_accounts set role = 'user' where id = ${account.id}`
    await makeKnown(app, account.id)
    for (const path of ['/v1/plans', '/v1/catalogue', '/.well-known/jwks.json', '/ready']) {
      const answer = await app.request(path, { bearer })
      expect([path, answer.status, answer.headers.has('authz-refresh')]).toEqual([path, 200, false])
    }
    expect((await app.request('/v1/admin/users', { bearer })).headers.get('authz-refresh')).toBe('1')
  })

  test('so is a promotion', async () => {
    const account = await givenAccount(app)
    const { accessToken } = await logIn(app, account)
    await sql`update user_accounts set role = 'admin' where id = ${account.id}`
    await makeKnown(app, account.id)
    expect((await ask(accessToken)).status).toBe(200)
  })

  test('a fresh token asks for no other', async () => {
    const answer = await app.request('/v1/me', { bearer: bearers.admin ?? '' })
    expect(answer.headers.has('authz-refresh')).toBeFalse()
  })

  test('of a role that nobody knows, an old token gives nothing', async () => {
    const good = claimsOf(bearers.superadmin ?? '')
    await expectProblem(await ask(await mint({ ...good, role: 'ghost', cv: 0 })), 'permission-denied')
    await expectProblem(
      await guardedBy(app, requirePrivilege(1))(await mint({ ...good, role: 'ghost', cv: 0 })),
      'privilege-too-low',
    )
  })
})
