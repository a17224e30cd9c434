import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type AuthMethod, assuranceOf } from '../../src/access/strength.ts'
import { raiseSession, signAgain } from '../../src/auth/session-strength.ts'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { claimsOf, mint } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql, deps } = app

const refresh = async (refreshToken: string) =>
  bodyOf<SessionJson>(await request('/v1/auth/refresh', { json: { refreshToken } }))
const sessionOf = ({ id, accessToken }: { id: string; accessToken: string }) => ({
  accountId: id,
  sessionId: String(claimsOf(accessToken).sid),
})
const strengthOf = (accessToken: string) => {
  const { amr, acr, auth_time } = claimsOf(accessToken)
  return { amr, acr, auth_time }
}
const began = async (sessionId: string) => {
  const [row] = await sql<{ at: number }[]>`
    select floor(extract(epoch from created_at))::float8 as at from sessions where id = ${sessionId}`
  return row?.at
}

describe('an access token says how, how strongly and when its person signed in', () => {
  test('at registration, at log-in, and after a refresh, which keeps all three', async () => {
    const person = await registered(app)
    const again = await logIn(app, person)
    for (const session of [person, { ...again, id: person.id }]) {
      const { sessionId } = sessionOf(session)
      const strength = { amr: ['pwd'], acr: 'aal1', auth_time: await began(sessionId) }
      expect(strengthOf(session.accessToken)).toEqual(strength)
      await sql`
        update sessions set created_at = created_at - interval '1 hour' where id = ${sessionId}`
      const renewed = await refresh(session.refreshToken)
      expect(strengthOf(renewed.accessToken)).toEqual({ ...strength, auth_time: (strength.auth_time ?? 0) - 3_600 })
    }
  })

  test('of a session that the previous version opened: a password, when it began', async () => {
    const person = await registered(app)
    const { sessionId } = sessionOf(person)
    // What that version writes names none of the three columns.
    const id = Bun.randomUUIDv7()
    await sql`
      insert into sessions (id, account_id, expires_at, created_at)
      values (${id}, ${person.id}, clock_timestamp() + interval '1 day', clock_timestamp() - interval '2 hours')`
    await sql`update tokens set session_id = ${id} where session_id = ${sessionId}`
    const { accessToken } = await signAgain(deps, sql, { accountId: person.id, sessionId: id })
    expect(strengthOf(accessToken)).toEqual({ amr: ['pwd'], acr: 'aal1', auth_time: await began(id) })
  })
})

test('a token of the previous version, without these claims, works and counts as neither strong nor recent', async () => {
  const person = await registered(app)
  const { amr: _, acr: __, auth_time: ___, ...old } = claimsOf(person.accessToken)
  const token = await mint(old)
  expect((await request('/v1/me', { bearer: token })).status).toBe(200)
  for (const part of [
    { amr: ['pwd'] },
    { acr: 'aal2' },
    { auth_time: 1 },
    { amr: 'pwd', acr: 'aal1', auth_time: 1 },
    { amr: [1], acr: 'aal1', auth_time: 1 },
    { amr: ['pwd'], acr: 'aal3', auth_time: 1 },
    { amr: ['pwd'], acr: 'aal1', auth_time: '1' },
  ])
    await expectProblem(await request('/v1/me', { bearer: await mint({ ...old, ...part }) }), 'invalid-token')
})

describe('showing more in a session', () => {
  test('adds to it and never takes from it, whatever is shown in whatever order', async () => {
    const methods: AuthMethod[] = ['pwd', 'otp', 'hwk', 'swk', 'fed']
    const person = await registered(app)
    const own = sessionOf(person)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.array(fc.uniqueArray(fc.constantFrom(...methods), { minLength: 1 }), { maxLength: 4 }),
        async (first, shown) => {
          await sql`
            update sessions set amr = array[${first}], acr = ${assuranceOf([first])}, auth_time = null where id = ${own.sessionId}`
          const expected = [first]
          for (const amr of shown) {
            await sql.begin((tx) => raiseSession(tx, { ...own, amr }))
            expected.push(...amr.filter((method) => !expected.includes(method)))
            const { accessToken, expiresIn } = await signAgain(deps, sql, own)
            expect(strengthOf(accessToken)).toMatchObject({
              amr: expected,
              acr: expected.every((method) => method === 'pwd' || method === 'fed') ? 'aal1' : 'aal2',
            })
            expect(expiresIn).toBe(900)
          }
        },
      ),
      { numRuns: 30 },
    )
  })

  test('counts from now, by the clock of the database; the refresh token stays, and a refresh keeps what was raised', async () => {
    const person = await registered(app)
    const own = sessionOf(person)
    await sql`update sessions set created_at = created_at - interval '1 hour' where id = ${own.sessionId}`
    const before =
      await sql`select token_hash, last_used_at from tokens join sessions on id = session_id where id = ${own.sessionId}`
    await sql.begin((tx) => raiseSession(tx, { ...own, amr: ['otp'] }))
    const [{ at } = { at: 0 }] = await sql<{ at: number }[]>`
      select floor(extract(epoch from auth_time))::float8 as at from sessions where id = ${own.sessionId}`
    expect(at).toBeGreaterThan(((await began(own.sessionId)) ?? 0) + 3_000)
    const raised = { amr: ['pwd', 'otp'], acr: 'aal2', auth_time: at }
    const { accessToken } = await signAgain(deps, sql, own)
    expect(strengthOf(accessToken)).toEqual(raised)
    expect((await request('/v1/me', { bearer: accessToken })).status).toBe(200)
    const after =
      await sql`select token_hash, last_used_at from tokens join sessions on id = session_id where id = ${own.sessionId}`
    expect([...after]).toEqual([...before])
    expect(strengthOf((await refresh(person.refreshToken)).accessToken)).toEqual(raised)
  })

  test('is for the account’s own session while that is alive', async () => {
    const person = await registered(app)
    const other = await registered(app)
    const own = sessionOf(person)
    const raise = (session: typeof own) => sql.begin((tx) => raiseSession(tx, { ...session, amr: ['otp'] }))
    await expect(raise({ ...own, accountId: other.id })).rejects.toMatchObject({ code: 'session-revoked' })
    await expect(signAgain(deps, sql, { ...own, accountId: other.id })).rejects.toMatchObject({
      code: 'session-revoked',
    })
    await request('/v1/auth/logout', { method: 'POST', bearer: person.accessToken })
    await expect(raise(own)).rejects.toMatchObject({ code: 'session-revoked' })
    await expect(signAgain(deps, sql, own)).rejects.toMatchObject({ code: 'session-revoked' })
  })

  test('no statement makes a session of one factor strong', async () => {
    const { sessionId } = sessionOf(await registered(app))
    for (const amr of ['{pwd}', '{fed}', '{pwd,fed}'])
      await expect(
        sql`update sessions set acr = 'aal2', amr = ${amr}::text[] where id = ${sessionId}`.then(() => 'done'),
      ).rejects.toMatchObject({ constraint_name: 'sessions_aal2_by_a_second_factor' })
  })

  test('no statement gives a session a method or a strength that there is not, or no method', async () => {
    const { sessionId, accountId } = sessionOf(await registered(app))
    for (const [amr, acr, constraint] of [
      ['{}', 'aal1', 'sessions_amr_check'],
      ['{pwd,guess}', 'aal1', 'sessions_amr_check'],
      ['{pwd,otp}', 'aal3', 'sessions_acr_check'],
    ] as const) {
      const refused = { code: '23514', constraint_name: constraint }
      await expect(
        sql`update sessions set amr = ${amr}::text[], acr = ${acr} where id = ${sessionId}`.then(() => 'done'),
      ).rejects.toMatchObject(refused)
      await expect(
        sql`
          insert into sessions (id, account_id, expires_at, amr, acr)
          select gen_random_uuid(), account_id, expires_at, ${amr}::text[], ${acr} from sessions where id = ${sessionId}`.then(
          () => 'done',
        ),
      ).rejects.toMatchObject(refused)
    }
    const kept = await sql<
      { amr: string[]; acr: string }[]
    >`select amr, acr from sessions where account_id = ${accountId}`
    expect([...kept]).toEqual([{ amr: ['pwd'], acr: 'aal1' }])
  })
})

test('a stronger session’s token, for a superadmin with every feature, fits 1,400 bytes', async () => {
  const account = await givenAccount(app, { role: 'superadmin', plan: 'enterprise' })
  const session = await logIn(app, account)
  const own = sessionOf({ ...session, id: account.id })
  await sql.begin((tx) => raiseSession(tx, { ...own, amr: ['otp', 'hwk', 'swk', 'fed'] }))
  const { accessToken } = await signAgain(deps, sql, own)
  expect(Buffer.byteLength(accessToken)).toBeLessThanOrEqual(1_400)
})
