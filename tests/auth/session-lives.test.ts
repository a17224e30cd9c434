import { describe, expect, test } from 'bun:test'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql } = app
const me = (bearer: string) => request('/v1/me', { bearer })
const refresh = (refreshToken: string) => request('/v1/auth/refresh', { json: { refreshToken } })
const sidOf = ({ accessToken }: SessionJson) => String(claimsOf(accessToken).sid)

describe('a refresh', () => {
  const age = (id: string, interval: string) =>
    sql`update sessions set created_at = created_at - ${interval}::interval, expires_at = expires_at - ${interval}::interval where account_id = ${id}`

  test('is refused 30 days after the log-in, however often it was refreshed', async () => {
    const person = await registered(app)
    await age(person.id, '29 days 23 hours')
    const renewed = await bodyOf<SessionJson>(await refresh(person.refreshToken))
    expect(renewed.refreshExpiresIn).toBeWithin(3_500, 3_601)
    await age(person.id, '1 hour')
    await expectProblem(await refresh(renewed.refreshToken), 'invalid-refresh-token')
  })

  test('is refused after 12 hours at a privilege of 90 and more, judged by the level of now', async () => {
    const person = await registered(app)
    await age(person.id, '12 hours')
    const renewed = await bodyOf<SessionJson>(await refresh(person.refreshToken))
    await sql`update user_accounts set role = 'admin' where id = ${person.id}`
    await expectProblem(await refresh(renewed.refreshToken), 'invalid-refresh-token')
    await sql`update user_accounts set role = 'user' where id = ${person.id}`
    expect((await refresh(renewed.refreshToken)).status).toBe(200)
  })

  test('is refused after half an hour without one at a privilege of 90 and more, judged by the level of now', async () => {
    const idle = (id: string, interval: string) =>
      sql`update sessions set last_used_at = last_used_at - ${interval}::interval where account_id = ${id}`
    const person = await givenAccount(app, { role: 'admin' })
    const session = await logIn(app, person)
    expect(session.refreshExpiresIn).toBe(1_800)
    await idle(person.id, '20 minutes')
    const renewed = await bodyOf<SessionJson>(await refresh(session.refreshToken))
    expect(renewed.refreshExpiresIn).toBeWithin(1_700, 1_801)
    await idle(person.id, '30 minutes')
    await expectProblem(await refresh(renewed.refreshToken), 'invalid-refresh-token')
    // Refused, it is not used: asking again and again does not revive it.
    await expectProblem(await refresh(renewed.refreshToken), 'invalid-refresh-token')
    const listed = await bodyOf<{ items: unknown[] }>(
      await request('/v1/auth/sessions', { bearer: renewed.accessToken }),
    )
    expect(listed.items).toEqual([])
    await sql`update user_accounts set role = 'user' where id = ${person.id}`
    const asUser = await bodyOf<SessionJson>(await refresh(renewed.refreshToken))
    await idle(person.id, '3 days')
    expect((await refresh(asUser.refreshToken)).status).toBe(200)
  })

  test('is refused after 7 days without one: expired, not reuse, so nothing is revoked for it', async () => {
    const person = await registered(app)
    await sql`update tokens set expires_at = clock_timestamp() where session_id = ${sidOf(person)}`
    await expectProblem(await refresh(person.refreshToken), 'invalid-refresh-token')
    expect((await me(person.accessToken)).status).toBe(200)
  })

  test('reads role, plan and status afresh', async () => {
    const person = await givenAccount(app)
    const session = await logIn(app, person)
    await sql`update user_accounts set role = 'admin' where id = ${person.id}`
    await sql`update user_subscriptions set plan = 'business' where account_id = ${person.id}`
    const renewed = await bodyOf<SessionJson>(await refresh(session.refreshToken))
    expect(renewed.user).toMatchObject({ role: 'admin', privilegeLevel: 90, plan: { name: 'business', tier: 70 } })
    expect(claimsOf(renewed.accessToken)).toMatchObject({ role: 'admin', plan: 'business', sid: sidOf(session) })
  })

  test('of an account that is not active is refused, even where its session was not ended with it', async () => {
    const person = await registered(app)
    await sql`update user_accounts set status = 'locked' where id = ${person.id}`
    await expectProblem(await refresh(person.refreshToken), 'invalid-refresh-token')
  })

  test('that fails has consumed nothing', async () => {
    const person = await registered(app)
    await sql.begin(async (tx) => {
      await tx`create function fail() returns trigger language plpgsql as 'begin raise exception $m$a fault$m$; end'`
      await tx`create trigger fail after update on tokens for each row execute function fail()`
    })
    const failed = await refresh(person.refreshToken)
    await sql`drop function fail() cascade`
    await expectProblem(failed, 'internal-error')
    expect((await refresh(person.refreshToken)).status).toBe(200)
  })
})
