import { describe, expect, test } from 'bun:test'
import { Secret } from 'otpauth'
import { mfaColumns } from '../../src/mfa/encrypted-columns.ts'
import { reencrypt } from '../../src/secrets/reencrypt.ts'
import { createSecrets } from '../../src/secrets/secrets.ts'
import { registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, testSecrets } from '../support/app.ts'
import { templatesTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { secondFactorSteps } from '../support/second-factors.ts'
import { claimsOf } from '../support/tokens.ts'
import { findEverywhere } from '../support/whole-life.ts'

const app = await openTestApp()
const { request, sql } = app
const { begin, codeOf, confirm, enrolled, firstStep, halfAnHourLater, login, logInTwice, secondStep, wrongCode } =
  secondFactorSteps(app)

const factorsOf = async (bearer: string) => bodyOf(await request('/v1/me/mfa', { bearer }))
const actionsOf = async (id: string) =>
  (await sql<{ action: string }[]>`select action from audit_logs where entity_id = ${id} order by id`).map(
    ({ action }) => action,
  )

describe('adding an authenticator app', () => {
  test('opens nothing before it is confirmed, and then is asked for: this session rises, the others end, the owner is told', async () => {
    const person = await registered(app)
    const other = await bodyOf<{ accessToken: string }>(await login(person))
    const begun = await begin(person.accessToken)
    expect(begun.otpauthUri).toContain(`secret=${begun.secret}`)
    expect(begun.otpauthUri).toStartWith(`otpauth://totp/MANAS360:${encodeURIComponent(person.email)}`)
    expect((await login(person)).status).toBe(200)
    expect(await factorsOf(person.accessToken)).toEqual({
      totp: { enabled: false, since: null },
      recoveryCodesLeft: 0,
      passkeys: 0,
    })
    const confirmed = await confirm(person.accessToken, codeOf(begun))
    expect(confirmed.status).toBe(200)
    const { recoveryCodes } = await bodyOf<{ recoveryCodes: string[] }>(confirmed)
    expect(new Set(recoveryCodes).size).toBe(10)
    await expectProblem(await request('/v1/me', { bearer: other.accessToken }), 'session-revoked')
    expect(await factorsOf(person.accessToken)).toMatchObject({ totp: { enabled: true }, recoveryCodesLeft: 10 })
    const renewed = await request('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } })
    const { accessToken } = await bodyOf<{ accessToken: string }>(renewed)
    expect(claimsOf(accessToken)).toMatchObject({ amr: ['pwd', 'otp'], acr: 'aal2' })
    expect(await bodyOf(await login(person))).toMatchObject({
      status: 'mfa-required',
      methods: ['totp', 'recovery-code'],
      expiresIn: 300,
    })
    expect(await templatesTo(app, person.email)).toContain('sign-in-method-added')
    expect(await actionsOf(person.id)).toEqual(expect.arrayContaining(['totp.begin', 'totp.confirm']))
  })

  test('again replaces a secret that was not confirmed, and never one that was', async () => {
    const person = await registered(app)
    const first = await begin(person.accessToken)
    const second = await begin(person.accessToken)
    expect(second.secret).not.toBe(first.secret)
    await expectProblem(await confirm(person.accessToken, codeOf(first)), 'invalid-code')
    expect((await confirm(person.accessToken, codeOf(second))).status).toBe(200)
    const { accessToken: bearer } = await bodyOf<{ accessToken: string }>(
      await request('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } }),
    )
    const again = await request('/v1/me/mfa/totp', { method: 'POST', bearer })
    expect(await expectProblem(again, 'already-exists')).toMatchObject({ field: 'totp' })
    await expectProblem(await confirm(bearer, codeOf(second)), 'not-found')
  })

  test('wants the code within an hour, and right within five', async () => {
    const person = await registered(app)
    await expectProblem(await confirm(person.accessToken, '123456'), 'not-found')
    const begun = await begin(person.accessToken)
    for (let i = 0; i < 5; i++) await expectProblem(await confirm(person.accessToken, wrongCode(begun)), 'invalid-code')
    await expectProblem(await confirm(person.accessToken, codeOf(begun)), 'not-found')
    const late = await begin(person.accessToken)
    await sql`update totp_factors set created_at = created_at - interval '61 minutes' where account_id = ${person.id}`
    await expectProblem(await confirm(person.accessToken, codeOf(late)), 'not-found')
  })

  test('of fifty wrong codes at once five are judged, and of fifty right ones one confirms it', async () => {
    const person = await registered(app)
    const begun = await begin(person.accessToken)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => confirm(person.accessToken, wrongCode(begun)).then((answer) => bodyOf(answer))),
    )
    expect(answers.filter(({ code }) => code === 'invalid-code')).toHaveLength(5)
    const fresh = await begin(person.accessToken)
    const statuses = await Promise.all(
      Array.from({ length: 50 }, () => confirm(person.accessToken, codeOf(fresh)).then(({ status }) => status)),
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
  })

  test('the code that confirmed it opens nothing any more', async () => {
    const person = await registered(app)
    const begun = await begin(person.accessToken)
    expect((await confirm(person.accessToken, codeOf(begun))).status).toBe(200)
    await expectProblem(await secondStep(await firstStep(person), codeOf(begun)), 'invalid-code')
    expect((await secondStep(await firstStep(person), codeOf(begun, 1))).status).toBe(200)
  })
})

describe('under an Idempotency-Key', () => {
  const keyed = { 'Idempotency-Key': 'the same request, sent again' }

  test('a repeated answer has no secret in it, and nothing happens again', async () => {
    const person = await registered(app)
    const bearer = person.accessToken
    const ask = () => request('/v1/me/mfa/totp', { method: 'POST', bearer, headers: keyed })
    const begun = await bodyOf<{ secret: string }>(await ask())
    expect(await bodyOf(await ask())).toEqual({ secret: null, otpauthUri: null, qrSvg: null })
    const first = await confirm(bearer, codeOf(begun), keyed)
    expect(await bodyOf(first)).toMatchObject({ recoveryCodes: expect.any(Array) })
    const again = await confirm(bearer, codeOf(begun), keyed)
    expect([again.status, again.headers.get('idempotency-replayed'), await bodyOf(again)]).toEqual([
      200,
      'true',
      { recoveryCodes: null },
    ])
    const [kept] = await sql<{ body: string }[]>`
      select string_agg(body, ' ') as body from idempotency_keys where account_id = ${person.id}`
    expect(kept?.body).not.toContain(begun.secret)
  })

  test('a wrong code is counted all the same, and its answer not kept', async () => {
    const person = await registered(app)
    const begun = await begin(person.accessToken)
    for (let i = 0; i < 5; i++)
      await expectProblem(await confirm(person.accessToken, wrongCode(begun), keyed), 'invalid-code')
    await expectProblem(await confirm(person.accessToken, codeOf(begun), keyed), 'not-found')
  })
})

describe('removing the authenticator app', () => {
  test('the password alone logs in again, recovery codes are void, tokens that wait are, the owner is told', async () => {
    const person = await enrolled()
    const waiting = await firstStep(person)
    const removed = await request('/v1/me/mfa/totp', { method: 'DELETE', bearer: person.session.accessToken })
    expect(removed.status).toBe(204)
    await expectProblem(await secondStep(waiting, codeOf(person)), 'invalid-mfa-token')
    expect((await login(person)).status).toBe(200)
    expect(await factorsOf(person.session.accessToken)).toMatchObject({
      totp: { enabled: false },
      recoveryCodesLeft: 0,
    })
    expect(await templatesTo(app, person.email)).toContain('sign-in-method-removed')
    expect(await actionsOf(person.id)).toContain('totp.remove')
    const again = await request('/v1/me/mfa/totp', { method: 'DELETE', bearer: person.session.accessToken })
    await expectProblem(again, 'not-found')
  })

  test('a token that waits is void even where another app has taken the place of the one that it was for', async () => {
    const person = await enrolled()
    const waiting = await firstStep(person)
    const bearer = person.session.accessToken
    await request('/v1/me/mfa/totp', { method: 'DELETE', bearer })
    const next = await begin(bearer)
    expect((await confirm(bearer, codeOf(next))).status).toBe(200)
    await halfAnHourLater(person)
    await expectProblem(await secondStep(waiting, codeOf(next)), 'invalid-mfa-token')
  })
})

describe('recovery codes', () => {
  const renew = (bearer: string, headers = {}) =>
    request('/v1/me/mfa/recovery-codes', { method: 'POST', bearer, headers })

  test('are made anew, and the old ones are void', async () => {
    const person = await enrolled()
    const renewed = await renew(person.session.accessToken, { 'Idempotency-Key': 'new codes' })
    const { recoveryCodes } = await bodyOf<{ recoveryCodes: string[] }>(renewed)
    expect(recoveryCodes).toHaveLength(10)
    const repeated = await renew(person.session.accessToken, { 'Idempotency-Key': 'new codes' })
    expect(await bodyOf(repeated)).toEqual({ recoveryCodes: null })
    const [old = '', fresh = ''] = [person.recoveryCodes[0], recoveryCodes[0]]
    await expectProblem(await secondStep(await firstStep(person), old), 'invalid-code')
    expect((await secondStep(await firstStep(person), fresh)).status).toBe(200)
    expect(await actionsOf(person.id)).toContain('recovery_codes.renew')
  })

  test('stand for a second factor: without one there is none to stand for', async () => {
    const person = await registered(app)
    await expectProblem(await renew(person.accessToken), 'no-second-factor')
  })
})

describe('at rest', () => {
  test('neither the secret nor a recovery code stands anywhere in the database', async () => {
    const person = await enrolled()
    const raw = Buffer.from(Secret.fromBase32(person.secret).bytes)
    const code = person.recoveryCodes[0] ?? ''
    for (const text of [person.secret, code, code.replaceAll('-', '')])
      expect(await findEverywhere(app, text)).toEqual([])
    const rows = await sql`select 1 from totp_factors t where position(${raw.toString('hex')} in t::text) > 0`
    expect(rows).toHaveLength(0)
  })

  test('a change of DATA_KEY reaches it', async () => {
    const person = await enrolled()
    const [column] = mfaColumns
    if (!column) throw new Error('there is a column')
    const next = createSecrets(['another key, long enough to be one of those', testSecrets.DATA_KEY])
    expect(await reencrypt(sql, next, column)).toMatchObject({ unreadable: 0 })
    const [row] = await sql<{ id: string; secret: Buffer }[]>`
      select id, secret from totp_factors where account_id = ${person.id}`
    if (!row) throw new Error('it is there')
    expect(next.isCurrent(row.secret)).toBe(true)
    expect(next.decrypt(row.secret, { ...column, id: row.id })).toBe(person.secret)
    const back = createSecrets([testSecrets.DATA_KEY, 'another key, long enough to be one of those'])
    expect(await reencrypt(sql, back, column)).toMatchObject({ unreadable: 0 })
    expect((await secondStep(await firstStep(person), codeOf(person))).status).toBe(200)
  })
})

describe('a change of factors', () => {
  const changes: Record<string, Parameters<typeof request>> = {
    begin: ['/v1/me/mfa/totp', { method: 'POST' }],
    confirm: ['/v1/me/mfa/totp/confirm', { json: { code: '123456' } }],
    remove: ['/v1/me/mfa/totp', { method: 'DELETE' }],
    'renew the recovery codes': ['/v1/me/mfa/recovery-codes', { method: 'POST' }],
  }
  const send = ([path, options]: Parameters<typeof request>, bearer: string) => request(path, { ...options, bearer })

  test.each(Object.entries(changes))('to %s needs a proof of the last ten minutes', async (_, change) => {
    const person = await registered(app)
    await sql`update sessions set auth_time = clock_timestamp() - interval '11 minutes' where account_id = ${person.id}`
    const renewed = await request('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } })
    const { accessToken } = await bodyOf<{ accessToken: string }>(renewed)
    const refused = await send(change, accessToken)
    await expectProblem(refused, 'reauthentication-required')
    expect(refused.headers.get('www-authenticate')).toContain('max_age="600"')
  })

  test.each(Object.entries(changes))('to %s needs the second factor of the account', async (_, change) => {
    const person = await registered(app)
    // As by a passkey, which ends no session.
    await sql`update user_accounts set second_factors = '{passkey}' where id = ${person.id}`
    const refused = await send(change, person.accessToken)
    await expectProblem(refused, 'mfa-required')
    expect(refused.headers.get('www-authenticate')).toContain('acr_values="aal2"')
  })
})

test('a session that has ended, or whose person signed out meanwhile, adds and removes nothing', async () => {
  const person = await registered(app)
  const begun = await begin(person.accessToken)
  await request('/v1/auth/logout', { method: 'POST', bearer: person.accessToken })
  await expectProblem(await confirm(person.accessToken, codeOf(begun)), 'session-revoked')
})

test('each log-in by both factors is known by its device, as by the password alone', async () => {
  const person = await enrolled()
  const session = await logInTwice(person, person.session.deviceToken)
  expect((await templatesTo(app, person.email)).filter((name) => name === 'new-device')).toEqual([])
  expect(session.deviceToken).not.toBe(person.session.deviceToken)
  await logInTwice(person)
  expect((await templatesTo(app, person.email)).filter((name) => name === 'new-device')).toHaveLength(1)
})
