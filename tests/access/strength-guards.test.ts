import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { MiddlewareHandler } from 'hono'
import type { AuthedEnv } from '../../src/access/env.ts'
import { requirePermission } from '../../src/access/guards.ts'
import { requireAssurance, requireRecent } from '../../src/access/strength-guards.ts'
import { policyOf } from '../../src/http/openapi.ts'
import { table } from '../matrix-table.ts'
import { registered } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { guardedBy } from '../support/guarded.ts'
import { expectProblem } from '../support/problems.ts'
import { claimsOf, mint } from '../support/tokens.ts'

const app = await openTestApp()
const claims = claimsOf((await registered(app)).accessToken)
const nowSeconds = claims.iat ?? 0
/** The clock that the guard reads stands where a test puts it. */
const at = (ms: number) => {
  app.deps.now = () => ms
}
const challengeOf = (answer: Response) => answer.headers.get('www-authenticate')
const recent = (seconds: number) =>
  `Bearer error="insufficient_user_authentication", error_description="The sign-in is not recent enough", max_age="${seconds}"`
const strong =
  'Bearer error="insufficient_user_authentication", error_description="A second factor is required", acr_values="aal2"'

describe('requireRecent', () => {
  test('admits up to its second, to the millisecond, and no later, whatever was shown', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: -1_000, max: 1_000_000 }),
        fc.constantFrom('aal1', 'aal2'),
        async (seconds, ageMs, acr) => {
          at(nowSeconds * 1000 + ageMs)
          const answer = await guardedBy(
            app,
            requireRecent(seconds),
          )(await mint({ ...claims, acr, auth_time: nowSeconds }))
          if (ageMs <= seconds * 1000) return expect(answer.status).toBe(200)
          expect(challengeOf(answer)).toBe(recent(seconds))
          await expectProblem(answer, 'reauthentication-required')
        },
      ),
      { numRuns: 60 },
    )
    for (const [ageMs, status] of [
      [600_000, 200],
      [600_001, 401],
    ] as const) {
      at(nowSeconds * 1000 + ageMs)
      const answer = await guardedBy(app, requireRecent(600))(await mint({ ...claims, auth_time: nowSeconds }))
      expect(answer.status).toBe(status)
    }
  })
})

describe('requireAssurance', () => {
  test('admits aal2 alone, however old', async () => {
    const ask = guardedBy(app, requireAssurance('aal2'))
    at(nowSeconds * 1000)
    const weak = await ask(await mint({ ...claims, amr: ['pwd'], acr: 'aal1' }))
    expect(challengeOf(weak)).toBe(strong)
    await expectProblem(weak, 'mfa-required')
    expect((await ask(await mint({ ...claims, amr: ['pwd', 'otp'], acr: 'aal2', auth_time: 1 }))).status).toBe(200)
  })
})

test('a token of the previous version, which says nothing of it, is neither strong nor recent', async () => {
  const { amr: _, acr: __, auth_time: ___, ...old } = claims
  const token = await mint(old)
  at(nowSeconds * 1000)
  await expectProblem(await guardedBy(app, requireAssurance('aal2'))(token), 'mfa-required')
  await expectProblem(await guardedBy(app, requireRecent(900))(token), 'reauthentication-required')
  const shown = await bodyOf(await guardedBy(app)(token))
  expect(shown).toMatchObject({ amr: [], acr: 'aal1', authTime: 0 })
})

test('the principal says what the token says, also where its rights were derived anew', async () => {
  at(nowSeconds * 1000)
  const strength = { amr: ['pwd', 'hwk'], acr: 'aal2' }
  for (const cv of [claims.cv, 0]) {
    const shown = await bodyOf(await guardedBy(app)(await mint({ ...claims, ...strength, cv, auth_time: 77 })))
    expect(shown).toMatchObject({ ...strength, authTime: 77 })
  }
})

test('what somebody may not do is 403 before it is asked how they signed in', async () => {
  at(nowSeconds * 1000 + 3_600_000)
  const guards: MiddlewareHandler<AuthedEnv>[] = [
    requirePermission('users.manage'),
    requireAssurance('aal2'),
    requireRecent(600),
  ]
  await expectProblem(await guardedBy(app, ...guards)(await mint(claims)), 'permission-denied')
  // On the lines of the routes, too.
  for (const [route, { demands }] of Object.entries(table)) {
    const words = demands.split(', ')
    const ofStrength = words.findIndex((word) => /^(?:recent|aal2|admin mfa)/.test(word))
    const ofRights = words.findLastIndex((word) =>
      /^(?:permission|privilege|role|feature|tier|subscription)/.test(word),
    )
    expect([route, ofStrength === -1 || ofRights < ofStrength]).toEqual([route, true])
  }
  expect(guards.map(policyOf)).toEqual(['permission users.manage', 'aal2', 'recent 600'])
})
