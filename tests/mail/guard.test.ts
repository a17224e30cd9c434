import { describe, expect, test } from 'bun:test'
import { requireMail } from '../../src/mail/guard.ts'
import { table } from '../matrix-table.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({ MAIL: 'off' })
const { accessToken } = await logIn(app, await givenAccount(app, { role: 'superadmin', plan: 'enterprise' }))
const target = {
  accountId: Bun.randomUUIDv7(),
  sessionId: Bun.randomUUIDv7(),
  apiKeyId: Bun.randomUUIDv7(),
  passkeyId: Bun.randomUUIDv7(),
  refreshToken: 'x',
  unique: 'made_here',
}
const routes = app.app.routes
  .filter(({ handler }) => handler === (requireMail as unknown))
  .map(({ method, path }) => `${method} ${path}`)

describe('with MAIL=off', () => {
  test('the routes whose purpose is a mail are guarded', () => {
    expect(routes).toEqual(
      expect.arrayContaining(['POST /v1/auth/password/forgot', 'POST /v1/auth/email/resend', 'POST /v1/me/email']),
    )
  })

  test.each(routes)('%s answers 503 mail-unavailable, before any look-up', async (route) => {
    const [method = '', pattern = ''] = route.split(' ')
    const row = table[route]
    const before = app.deps.db.stats().queries
    const answer = await app.request(row?.path?.(target) ?? pattern, {
      method,
      bearer: accessToken,
      json: row?.json?.(target),
    })
    await expectProblem(answer, 'mail-unavailable')
    expect(app.deps.db.stats().queries).toBe(before)
  })
})
