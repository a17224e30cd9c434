import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { authenticate } from '../../src/access/bearer-guard.ts'
import type { AuthedEnv } from '../../src/access/env.ts'
import { requirePermission, requirePrivilege } from '../../src/access/guards.ts'
import { requireRecent, withAdminMfa } from '../../src/access/strength-guards.ts'
import { policyOf } from '../../src/http/openapi.ts'
import { loadConfig } from '../../src/room-config.ts'
import { registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, testSecrets } from '../support/app.ts'
import { everyRoute, good } from '../support/every-route.ts'
import { expectProblem } from '../support/problems.ts'
import { claimsOf, mint } from '../support/tokens.ts'

const app = await openTestApp({ REQUIRE_ADMIN_MFA: 'true', CONSENT_DOCUMENTS: 'newsletter@1' })
const { routes, signIn, send } = await everyRoute(app)
const weak = await signIn()
const { amr: _, acr: __, auth_time: ___, ...old } = claimsOf(weak)
const strong = await mint({ ...claimsOf(weak), amr: ['pwd', 'otp'], acr: 'aal2' })
const ofTheVersionBefore = await mint(old)
const user = (await registered(app)).accessToken

const ofAdministration = routes.filter(({ route }) => route.includes(' /v1/admin/'))
const ask = ({ method, path, row }: (typeof routes)[number], bearer: string) =>
  send({ method, path, bearer, ...(row.json && { body: JSON.stringify(good(row)) }) })

describe('under REQUIRE_ADMIN_MFA', () => {
  test('there are routes of administration, and each is guarded', () => {
    expect(ofAdministration.length).toBeGreaterThan(30)
    for (const { route, row } of ofAdministration)
      expect([route, row.demands]).toEqual([route, expect.stringContaining('admin mfa')])
  })

  for (const route of ofAdministration)
    test(`${route.route}: 401 to a superadmin of one factor, 403 to who may not, open to one of two`, async () => {
      for (const bearer of [weak, ofTheVersionBefore]) {
        const answer = await ask(route, bearer)
        expect(answer.headers.get('www-authenticate')).toBe(
          'Bearer error="insufficient_user_authentication", error_description="A second factor is required", acr_values="aal2"',
        )
        await expectProblem(answer, 'mfa-required')
      }
      await expectProblem(await ask(route, user), 'permission-denied')
      expect((await ask(route, strong)).status).not.toBe(401)
    })

  test('everything else is open to an administrator of one factor, so that they can set up another', async () => {
    const others = routes.filter(({ row }) => row.demands !== '' && !row.demands.includes('admin mfa') && !row.spends)
    expect(others.length).toBeGreaterThan(10)
    for (const route of others) {
      const answer = await ask(route, weak)
      expect([route.route, answer.status === 401 && (await bodyOf(answer)).code]).not.toEqual([
        route.route,
        'mfa-required',
      ])
    }
  })
})

test('so is a guard of privilege 90 and more, wherever it stands, behind those of rights', () => {
  const line = withAdminMfa(
    new Hono<AuthedEnv>()
      .get('/low', authenticate, requirePrivilege(89), (c) => c.text('in'))
      .get('/high', authenticate, requirePrivilege(90), requirePermission('audit.read'), requireRecent(600), (c) =>
        c.text('in'),
      ),
  )
  const demands = (path: string) =>
    line.routes.filter((route) => route.path === path).flatMap(({ handler }) => policyOf(handler) ?? [])
  expect(demands('/low')).toEqual(['authenticated', 'privilege 89'])
  expect(demands('/high')).toEqual([
    'authenticated',
    'privilege 90',
    'permission audit.read',
    'admin mfa',
    'recent 600',
  ])
})

test('is the default in production alone', () => {
  const production = {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://api.manas360.test',
    DATABASE_URL: 'postgres://somebody@db.manas360.test/manas360',
    MAIL: 'off',
    ...testSecrets,
  }
  const given = (environment: Record<string, string>) => loadConfig(environment).requireAdminMfa
  expect(given(production)).toBe(true)
  expect(given({ ...production, REQUIRE_ADMIN_MFA: 'false' })).toBe(false)
  for (const NODE_ENV of ['development', 'test']) expect(given({ ...production, NODE_ENV })).toBe(false)
  expect(given({ ...production, NODE_ENV: 'development', REQUIRE_ADMIN_MFA: 'true' })).toBe(true)
})
