import { describe, expect, test } from 'bun:test'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const exported = (bearer: string, query = '') => request(`/v1/me/export${query}`, { bearer })

describe('an export', () => {
  test('is free on every plan, and holds all parts of the person', async () => {
    const person = await registered(app, { firstName: 'Asha' })
    await sql`insert into account_features (account_id, feature, granted, reason) values (${person.id}, 'sso_oauth', true, 'agreed')`
    await request('/v1/auth/login', { json: { email: person.email, password: 'not this one' } })
    const answer = await exported(person.accessToken)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const parts = await bodyOf<Record<string, Record<string, unknown>[]>>(answer)
    expect(parts.account).toMatchObject([{ id: person.id, email: person.email, firstName: 'Asha' }])
    expect(parts.sessions).toHaveLength(1)
    expect(parts.loginAttempts).toMatchObject([{ outcome: 'failed' }])
    expect(parts.subscriptions).toMatchObject([{ plan: 'free' }])
    expect(parts.featureOverrides).toMatchObject([{ feature: 'sso_oauth', granted: true }])
    expect(parts.auditTrail).toMatchObject([{ action: 'account.create' }])
  })

  test('holds nothing of anybody else, and no secret', async () => {
    const person = await registered(app)
    const other = await registered(app, { firstName: 'Somebody' })
    const text = await (await exported(person.accessToken)).text()
    for (const foreign of [other.id, other.email, 'Somebody']) expect(text).not.toContain(foreign)
    expect(text).not.toMatch(/argon2|password_?hash|token_?hash|"mac"|salt|jti/i)
  })

  test('is itself audited', async () => {
    const person = await registered(app)
    await exported(person.accessToken)
    expect(
      await sql`select details from audit_logs where action = 'account.export' and actor_id = ${person.id}`,
    ).toEqual<unknown>([{ details: { format: 'json' } }])
  })

  test('as CSV needs the feature', async () => {
    const { accessToken } = await logIn(app, await givenAccount(app))
    const problem = await expectProblem(await exported(accessToken, '?format=csv'), 'feature-not-in-plan')
    expect(problem).toMatchObject({ missingFeatures: ['data_export'], upgrade: { plan: 'starter', checkout: 'trial' } })
    expect(
      await sql`select 1 from audit_logs where action = 'account.export' and details ->> 'format' = 'csv'`,
    ).toHaveLength(0)
  })

  test('as CSV is a table whose cells no spreadsheet runs', async () => {
    const person = await givenAccount(app, { plan: 'starter' })
    const { accessToken } = await logIn(app, person)
    for (const formula of ['=1+1', '+1', '-1', '@x', '=cmd|"/c calc"!A0']) {
      await request('/v1/me', { method: 'PATCH', bearer: accessToken, json: { firstName: formula } })
      const answer = await exported(accessToken, '?format=csv')
      expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
      expect(answer.headers.get('content-disposition')).toStartWith('attachment')
      const cell = (await answer.text())
        .split('\n')
        .find((line) => line.startsWith('account,1,firstName,'))
        ?.slice('account,1,firstName,'.length)
      expect(cell).toMatch(/^"?'/)
    }
  })

  test('in another format is refused', async () => {
    const { accessToken } = await logIn(app, await givenAccount(app, { plan: 'starter' }))
    for (const format of ['xml', '', 'CSV', 'json&format=csv'])
      await expectProblem(await exported(accessToken, `?format=${format}`), 'validation-failed')
  })
})

describe('the own audit trail', () => {
  type List = { items: { id: string; action: string; ipAddress: string | null }[]; nextCursor: string | null }
  const trail = async (bearer: string, query = '') =>
    bodyOf<List>(await request(`/v1/me/audit-logs${query}`, { bearer }))

  test('is what the person did and what was done to them, newest first, in pages', async () => {
    const person = await givenAccount(app, { plan: 'business' })
    const { accessToken } = await logIn(app, person)
    await request('/v1/me', { method: 'PATCH', bearer: accessToken, json: { firstName: 'Asha' } })
    await exported(accessToken)
    const first = await trail(accessToken, '?limit=2')
    expect(first.items.map(({ action }) => action)).toEqual(['account.export', 'profile.update'])
    const second = await trail(accessToken, `?limit=2&cursor=${first.nextCursor}`)
    expect([second.items.map(({ action }) => action), second.nextCursor]).toEqual([['session.create'], null])
  })

  test('shows nobody else: neither their entries nor their address', async () => {
    const admin = await givenAccount(app, { role: 'admin', plan: 'business' })
    const adminSession = await bodyOf<{ accessToken: string }>(
      await request('/v1/auth/login', { ip: '203.0.113.77', json: { email: admin.email, password: admin.password } }),
    )
    const person = await givenAccount(app, { plan: 'business' })
    const { accessToken } = await logIn(app, person)
    expect(
      (
        await request(`/v1/admin/users/${person.id}/lock`, {
          ip: '203.0.113.77',
          bearer: adminSession.accessToken,
          json: { reason: 'asked' },
        })
      ).status,
    ).toBe(204)
    expect(
      (
        await request(`/v1/admin/users/${person.id}/unlock`, {
          ip: '203.0.113.77',
          method: 'POST',
          bearer: adminSession.accessToken,
        })
      ).status,
    ).toBe(204)
    await expectProblem(await request('/v1/me/audit-logs', { bearer: accessToken }), 'session-revoked')
    const again = await logIn(app, person)
    const { items } = await trail(again.accessToken)
    expect(items.map(({ action }) => action)).toContain('account.lock')
    expect(JSON.stringify(items)).not.toContain('203.0.113.77')
    expect(items.find(({ action }) => action === 'session.create')?.ipAddress).toBe('127.0.0.1')
    expect(await (await exported(again.accessToken)).text()).not.toContain('203.0.113.77')
  })
})
