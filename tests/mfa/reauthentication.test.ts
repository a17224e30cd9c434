import { describe, expect, test } from 'bun:test'
import { hold, outsideOf, waiter } from '../jobs/locks.ts'
import { goodPassword, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { mailsTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { secondFactorSteps } from '../support/second-factors.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql } = app
const outside = outsideOf(app)
const { codeOf, enrolled, halfAnHourLater, wrongCode } = secondFactorSteps(app)

const prove = (bearer: string, json: object) => request('/v1/auth/reauthenticate', { json, bearer })
/** As if whoever is behind a session had last shown who they are an hour ago. */
const anHourAgo = (id: string) => sql`
  update sessions set auth_time = clock_timestamp() - interval '1 hour' where account_id = ${id}`
const accessOf = async (answer: Response) => {
  expect(answer.status).toBe(200)
  const body = await bodyOf<{ accessToken: string; expiresIn: number }>(answer)
  expect(Object.keys(body).sort()).toEqual(['accessToken', 'expiresIn'])
  return body.accessToken
}

describe('proving again who is behind a session', () => {
  test('by the password: auth_time is now, nothing else of the session changes, the trail says so', async () => {
    const person = await registered(app)
    await anHourAgo(person.id)
    const before = claimsOf(person.accessToken)
    const renewed = claimsOf(await accessOf(await prove(person.accessToken, { password: goodPassword })))
    expect(renewed).toMatchObject({ sid: before.sid, sub: before.sub, amr: ['pwd'], acr: 'aal1' })
    const [row] = await sql<{ at: number }[]>`
      select floor(extract(epoch from auth_time))::float8 as at from sessions where id = ${String(before.sid)}`
    expect(renewed.auth_time).toBe(row?.at)
    expect(
      await sql`select details from audit_logs where actor_id = ${person.id} and action = 'session.reauthenticate'`,
    ).toMatchObject([{ details: { by: 'pwd' } }])
    // The refresh token is the one that it was.
    expect((await request('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } })).status).toBe(200)
  })

  test('by a code: the session is aal2, and the code is used', async () => {
    const person = await enrolled()
    const { accessToken } = person.session
    await sql`update sessions set amr = '{pwd}', acr = 'aal1' where account_id = ${person.id}`
    const code = codeOf(person)
    const renewed = await accessOf(await prove(accessToken, { code }))
    expect(claimsOf(renewed)).toMatchObject({ amr: ['pwd', 'otp'], acr: 'aal2' })
    await expectProblem(await prove(accessToken, { code }), 'invalid-code')
    await halfAnHourLater(person)
    const [recovery = ''] = person.recoveryCodes
    await accessOf(await prove(accessToken, { code: recovery }))
    await expectProblem(await prove(accessToken, { code: recovery }), 'invalid-code')
    const mail = (await mailsTo(app, person.email)).find(({ template }) => template === 'recovery-code-used')
    expect(mail?.contents.events).toMatchObject([{ codesLeft: 9 }])
  })

  test('by a password never lowers what the session is', async () => {
    const person = await enrolled()
    const renewed = await accessOf(await prove(person.session.accessToken, { password: goodPassword }))
    expect(claimsOf(renewed)).toMatchObject({ amr: ['pwd', 'otp'], acr: 'aal2' })
  })

  test('of fifty uses of one code at once one counts', async () => {
    const person = await enrolled()
    const code = codeOf(person)
    const answers = await Promise.all(Array.from({ length: 50 }, () => prove(person.session.accessToken, { code })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})

describe('a wrong proof', () => {
  test('a password counts where every check of the own password does', async () => {
    const person = await registered(app)
    for (let i = 0; i < 5; i++)
      await expectProblem(await prove(person.accessToken, { password: 'wrong' }), 'invalid-credentials')
    await expectProblem(await prove(person.accessToken, { password: goodPassword }), 'account-locked')
    const change = { currentPassword: goodPassword, newPassword: `another ${goodPassword}` }
    await expectProblem(
      await request('/v1/auth/password/change', { bearer: person.accessToken, json: change }),
      'account-locked',
    )
  })

  test('a code counts for the session’s device, then for the account, thirty an hour each', async () => {
    const person = await enrolled()
    const { accessToken } = person.session
    for (let i = 0; i < 60; i++)
      await expectProblem(await prove(accessToken, { code: wrongCode(person) }), 'invalid-code')
    await expectProblem(await prove(accessToken, { code: codeOf(person) }), 'account-locked')
    await accessOf(await prove(accessToken, { password: goodPassword }))
    const [row] = await sql`
      select array_agg(details ->> 'counter' order by id) as counters from audit_logs where entity_id = ${person.id} and action = 'lockout.start'`
    expect(row?.counters).toEqual(['code-device', 'code'])
  })

  test('a code of an account without an authenticator app is refused', async () => {
    const person = await registered(app)
    for (const code of ['123456', '7K2Q-0V9D-1N4T-5H8M-2R6P-3WJC', 'x'])
      await expectProblem(await prove(person.accessToken, { code }), 'invalid-code')
  })

  test('neither, or several, are refused unread; and so is who has no session', async () => {
    const person = await registered(app)
    for (const json of [
      {},
      { password: goodPassword, code: '123456' },
      { password: '' },
      { code: '' },
      { code: 'x'.repeat(65) },
    ])
      await expectProblem(await prove(person.accessToken, json), 'validation-failed')
    await request('/v1/auth/logout', { method: 'POST', bearer: person.accessToken })
    await expectProblem(await prove(person.accessToken, { password: goodPassword }), 'session-revoked')
    await expectProblem(
      await request('/v1/auth/reauthenticate', { json: { password: goodPassword } }),
      'authentication-required',
    )
  })

  test('a session that ends while the code is checked is not reauthenticated', async () => {
    const person = await enrolled()
    const commit = await hold(
      outside,
      `update sessions set ended_at = clock_timestamp() where account_id = '${person.id}';
       select 1 from user_accounts where id = '${person.id}' for update`,
    )
    const answer = prove(person.session.accessToken, { code: codeOf(person) })
    await waiter(outside)
    await commit()
    await expectProblem(await answer, 'session-revoked')
  })
})
