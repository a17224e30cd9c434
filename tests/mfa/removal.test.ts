import { describe, expect, test } from 'bun:test'
import { createLink } from '../../src/account-links/links.ts'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { mailsTo, tokenTo } from '../support/mails.ts'
import { givenPasskey, renewed } from '../support/passkeys.ts'
import { expectProblem } from '../support/problems.ts'
import { type Enrolled, secondFactorSteps } from '../support/second-factors.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const { begin, codeOf, confirm, enrolled, firstStep, halfAnHourLater, login, secondStep, wrongCode } =
  secondFactorSteps(app)

const verify = ({ id }: { id: string }) =>
  sql`update user_accounts set email_verified_at = clock_timestamp() where id = ${id}`
const newPassword = 'umbrella ceramic walnut drizzle'
const reset = async (person: Enrolled) => {
  expect((await request('/v1/auth/password/forgot', { json: { email: person.email } })).status).toBe(202)
  const token = await tokenTo(app, person.email, 'reset-password')
  expect((await request('/v1/auth/password/reset', { json: { token, newPassword } })).status).toBe(204)
  return { ...person, password: newPassword }
}
const detailsOf = async (action: string, id: string) => {
  const [row] = await sql<
    { details: object }[]
  >`select details from audit_logs where action = ${action} and entity_id = ${id}`
  return row?.details
}

describe('a new password by mail', () => {
  test('leaves the second factor of a proved address, and what was counted of wrong codes', async () => {
    const person = await enrolled()
    await verify(person)
    await secondStep(await firstStep(person), wrongCode(person))
    const later = await reset(person)
    expect((await secondStep(await firstStep(later), codeOf(person))).status).toBe(200)
  })

  test('is the first proof of an address: a factor that was planted before is gone, and its codes', async () => {
    // Whoever registered somebody else's address, and guards it with an app of their own.
    const planted = await enrolled()
    const waiting = await firstStep(planted)
    const owner = await reset(planted)
    expect((await login(owner)).status).toBe(200)
    await expectProblem(await secondStep(waiting, codeOf(planted)), 'invalid-mfa-token')
    expect(await detailsOf('password.reset', planted.id)).toMatchObject({
      removed: { authenticatorApps: 1, recoveryCodes: 10 },
    })
  })

  test('and an enrolment that was begun before is gone with it', async () => {
    const person = await registered(app)
    const begun = await begin(person.accessToken)
    const owner = await reset({ ...person, ...begun, recoveryCodes: [], session: person })
    const { accessToken } = await bodyOf<{ accessToken: string }>(await login(owner))
    await expectProblem(await confirm(accessToken, codeOf(begun)), 'not-found')
  })
})

describe('undoing a change of address', () => {
  const undo = async (person: Enrolled, age: string) => {
    const token = await createLink(sql, {
      accountId: person.id,
      kind: 'undo-email',
      email: person.email,
      data: { verified: true },
    })
    await sql`update account_links set created_at = created_at - ${age}::interval where account_id = ${person.id}`
    expect((await request('/v1/auth/email/undo-change', { json: { token } })).status).toBe(204)
  }
  const factorsOf = async ({ id }: Enrolled) => {
    const [row] = await sql`
      select second_factors, (select count(*)::int from recovery_codes where account_id = a.id) as codes from user_accounts a where id = ${id}`
    return row
  }

  test('removes what was added since', async () => {
    const person = await enrolled()
    await undo(person, '1 minute')
    expect(await factorsOf(person)).toEqual({ secondFactors: [], codes: 0 })
  })

  test('leaves what was there before', async () => {
    const person = await enrolled()
    await sql`update totp_factors set confirmed_at = confirmed_at - interval '2 minutes' where account_id = ${person.id}`
    await undo(person, '1 minute')
    // The codes were made anew meanwhile, by whoever it was.
    expect(await factorsOf(person)).toEqual({ secondFactors: ['totp'], codes: 0 })
  })
})

describe('an administrator', () => {
  const remove = (bearer: string, id: string, json: object = { reason: 'lost the phone' }) =>
    request(`/v1/admin/users/${id}/mfa`, { method: 'DELETE', bearer, json })

  test('removes everything for somebody who lost it: sessions end, the trail and the person are told', async () => {
    const admin = await signedIn(app, { role: 'admin' })
    const person = await enrolled()
    await secondStep(await firstStep(person), wrongCode(person))
    const waiting = await firstStep(person)
    expect((await remove(admin.bearer, person.id)).status).toBe(204)
    await expectProblem(await request('/v1/me', { bearer: person.session.accessToken }), 'session-revoked')
    await expectProblem(await secondStep(waiting, codeOf(person)), 'invalid-mfa-token')
    expect((await login(person)).status).toBe(200)
    expect(await detailsOf('account.reset_mfa', person.id)).toEqual({
      removed: { authenticatorApps: 1, recoveryCodes: 10, passkeys: 0 },
    })
    const told = (await mailsTo(app, person.email)).find(({ template }) => template === 'sign-in-method-removed')
    expect(told?.contents.events).toMatchObject([
      { method: 'totp', byAdministrator: true },
      { method: 'recovery-codes', byAdministrator: true },
    ])
    const [counter] = await sql`select failures from lockouts where key = ${deps.counterKey('code', person.id)}`
    expect(counter?.failures).toEqual([])
  })

  test('gives a reason, and acts on nobody of the same rank, nor on themselves', async () => {
    const admin = await signedIn(app, { role: 'admin' })
    const equal = await signedIn(app, { role: 'admin' })
    for (const id of [admin.id, equal.id]) await expectProblem(await remove(admin.bearer, id), 'privilege-escalation')
    const person = await enrolled()
    for (const json of [{}, { reason: ' ' }])
      await expectProblem(await remove(admin.bearer, person.id, json), 'validation-failed')
    await expectProblem(await remove(person.session.accessToken, person.id), 'permission-denied')
    expect((await login(person)).status).toBe(202)
  })

  test('showed who they are within ten minutes', async () => {
    const admin = await givenAccount(app, { role: 'admin' })
    const { refreshToken } = await logIn(app, admin)
    await sql`update sessions set auth_time = clock_timestamp() - interval '11 minutes' where account_id = ${admin.id}`
    const renewed = await request('/v1/auth/refresh', { json: { refreshToken } })
    const { accessToken } = await bodyOf<{ accessToken: string }>(renewed)
    await expectProblem(await remove(accessToken, admin.id), 'reauthentication-required')
  })

  test('who unlocks somebody ends a pause of their codes, too', async () => {
    const admin = await signedIn(app, { role: 'admin' })
    const person = await enrolled()
    await sql`
      insert into lockouts (key, locked_until) values (${deps.counterKey('code', person.id)}, clock_timestamp() + interval '1 hour')`
    await expectProblem(await secondStep(await firstStep(person), codeOf(person)), 'account-locked')
    expect(
      (await request(`/v1/admin/users/${person.id}/unlock`, { method: 'POST', bearer: admin.bearer })).status,
    ).toBe(204)
    expect((await secondStep(await firstStep(person), codeOf(person))).status).toBe(200)
    await halfAnHourLater(person)
  })

  test('who locks and unlocks somebody voids the sign-ins that were begun before', async () => {
    const admin = await signedIn(app, { role: 'admin' })
    const person = await enrolled()
    const waiting = await firstStep(person)
    const act = async (name: string, json?: object) => {
      const answer = await request(`/v1/admin/users/${person.id}/${name}`, {
        method: 'POST',
        bearer: admin.bearer,
        ...(json && { json }),
      })
      expect(answer.status).toBe(204)
    }
    await act('lock', { reason: 'somebody else has the password' })
    await expectProblem(await secondStep(waiting, codeOf(person)), 'invalid-mfa-token')
    await act('unlock')
    await expectProblem(await secondStep(waiting, codeOf(person)), 'invalid-mfa-token')
    expect((await secondStep(await firstStep(person), codeOf(person))).status).toBe(200)
    await halfAnHourLater(person)
  })
})

test('recovery codes are worth nothing once the last second factor, a passkey, is gone', async () => {
  const person = await registered(app)
  const { id } = await givenPasskey(app, { bearer: person.accessToken })
  const { bearer } = await renewed(app, person)
  const made = await request('/v1/me/mfa/recovery-codes', { method: 'POST', bearer })
  const { recoveryCodes } = await bodyOf<{ recoveryCodes: string[] }>(made)
  const left = async () =>
    (await bodyOf<{ recoveryCodesLeft: number }>(await request('/v1/me/mfa', { bearer }))).recoveryCodesLeft
  expect(await left()).toBe(10)
  expect((await request(`/v1/me/passkeys/${id}`, { method: 'DELETE', bearer })).status).toBe(204)
  expect(await left()).toBe(0)
  const code = recoveryCodes[0]
  await expectProblem(await request('/v1/auth/reauthenticate', { bearer, json: { code } }), 'invalid-code')
})
