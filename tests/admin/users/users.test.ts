import { describe, expect, test } from 'bun:test'
import { givenAccount, logIn } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app

const admin = await signedIn(app, { role: 'admin' })

describe('an account that is locked', () => {
  test('is out at once, cannot come back, and comes back after it is unlocked', async () => {
    const person = await signedIn(app)
    const act = (path: string, json?: unknown) =>
      request(`/v1/admin/users/${person.id}${path}`, { method: 'POST', bearer: admin.bearer, json })
    expect((await act('/lock', { reason: 'payment dispute' })).status).toBe(204)
    await expectProblem(await request('/v1/me', { bearer: person.bearer }), 'account-disabled')
    const again = () => request('/v1/auth/login', { json: { email: person.email, password: person.password } })
    await expectProblem(await again(), 'invalid-credentials')
    expect(await bodyOf(await request(`/v1/admin/users/${person.id}`, { bearer: admin.bearer }))).toMatchObject({
      status: 'locked',
      lockedReason: 'payment dispute',
    })
    expect((await act('/lock', { reason: 'another reason' })).status).toBe(204)
    expect((await act('/unlock')).status).toBe(204)
    await expectProblem(await request('/v1/me', { bearer: person.bearer }), 'session-revoked')
    expect((await again()).status).toBe(200)
    expect((await act('/unlock')).status).toBe(204)
  })

  test('a lockout ends with it, too', async () => {
    const person = await givenAccount(app)
    for (let i = 0; i < 5; i++)
      await request('/v1/auth/login', { json: { email: person.email, password: 'not this one' } })
    await expectProblem(
      await request('/v1/auth/login', { json: { email: person.email, password: person.password } }),
      'account-locked',
    )
    expect(
      (await request(`/v1/admin/users/${person.id}/unlock`, { method: 'POST', bearer: admin.bearer })).status,
    ).toBe(204)
    await logIn(app, person)
  })

  test('needs a reason', async () => {
    const { id } = await givenAccount(app)
    for (const json of [
      {},
      { reason: '' },
      { reason: '   ' },
      { reason: 'x'.repeat(501) },
      { reason: 'a\u0007b' },
      { reason: 5 },
    ])
      await expectProblem(
        await request(`/v1/admin/users/${id}/lock`, { bearer: admin.bearer, json }),
        'validation-failed',
      )
  })
})

test('ending the sessions of a person ends them all, at once', async () => {
  const person = await signedIn(app)
  const other = await logIn(app, person)
  expect(
    (await request(`/v1/admin/users/${person.id}/revoke-sessions`, { method: 'POST', bearer: admin.bearer })).status,
  ).toBe(204)
  for (const bearer of [person.bearer, other.accessToken])
    await expectProblem(await request('/v1/me', { bearer }), 'session-revoked')
  await expectProblem(
    await request('/v1/auth/refresh', { json: { refreshToken: other.refreshToken } }),
    'invalid-refresh-token',
  )
  await logIn(app, person)
})

test('reading about somebody, and every change, stands in the trail with who, what and whom', async () => {
  const person = await givenAccount(app)
  const path = `/v1/admin/users/${person.id}`
  await request(path, { bearer: admin.bearer })
  await request(path, { method: 'PATCH', bearer: admin.bearer, json: { firstName: 'Asha' } })
  await request(`${path}/role`, { method: 'PUT', bearer: admin.bearer, json: { role: 'subscriber' } })
  await request(`${path}/lock`, { bearer: admin.bearer, json: { reason: 'asked for' } })
  await request(`${path}/unlock`, { method: 'POST', bearer: admin.bearer })
  await request(`${path}/revoke-sessions`, { method: 'POST', bearer: admin.bearer })
  await request(path, { method: 'DELETE', bearer: admin.bearer })
  const lines = await sql<
    { action: string; actorId: string }[]
  >`select action, actor_id from audit_logs where entity_id = ${person.id} order by id`
  expect(new Set(lines.map(({ actorId }) => actorId))).toEqual(new Set([admin.id]))
  const changes = lines.map(({ action }) => action).filter((action) => action !== 'account.read')
  expect(changes).toEqual([
    'profile.update',
    'account.change_role',
    'account.lock',
    'account.unlock',
    'session.end_all',
    'account.erase',
  ])
  expect(lines[0]?.action).toBe('account.read')
})
