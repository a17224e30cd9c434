import { describe, expect, test } from 'bun:test'
import { askForFactor } from '../../src/mfa/challenge.ts'
import { createSecrets } from '../../src/secrets/secrets.ts'
import { hold, outsideOf, waiter } from '../jobs/locks.ts'
import { goodPassword } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { mailsTo, templatesTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { type Enrolled, secondFactorSteps } from '../support/second-factors.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const { codeOf, enrolled, firstStep, halfAnHourLater, login, logInTwice, secondStep, wrongCode } =
  secondFactorSteps(app)

const outside = outsideOf(app)
const origin = { ip: '192.0.2.7', userAgent: null, requestId: 'a test' }

/** So many tokens of first factors that were right, without an argon2 hash for each. */
async function tokensOf({ id }: { id: string }, count: number, deviceId: string | null = null): Promise<string[]> {
  const [row] = await sql<{ passwordVersion: number; secondFactors: ['totp'] }[]>`
    select password_version, second_factors from user_accounts where id = ${id}`
  if (!row) throw new Error('given')
  const first = { account: { id, ...row }, amr: ['pwd' as const], origin, deviceId }
  const asked = Array.from({ length: count }, () => askForFactor(deps, first))
  return (await Promise.all(asked)).map((answer) => answer?.mfaToken ?? '')
}
const statusesOf = async (answers: Promise<Response>[]) => (await Promise.all(answers)).map(({ status }) => status)
/** How many won; the others were refused, and none failed. */
function succeeded(statuses: number[]): number {
  expect(statuses.filter((status) => ![200, 401, 429].includes(status))).toEqual([])
  return statuses.filter((status) => status === 200).length
}

describe('the second step', () => {
  test('opens a session that says both factors, notes the sign-in, and leaves the password’s counter clean', async () => {
    const person = await enrolled()
    for (let i = 0; i < 3; i++)
      await expectProblem(await login({ ...person, password: 'wrong' }), 'invalid-credentials')
    const mfaToken = await firstStep(person)
    const sessions = async () =>
      (await sql`select 1 from sessions where account_id = ${person.id} and ended_at is null`).length
    expect(await sessions()).toBe(1)
    const done = await secondStep(mfaToken, codeOf(person))
    expect(done.status).toBe(200)
    const session = await bodyOf<SessionJson>(done)
    expect(claimsOf(session.accessToken)).toMatchObject({ sub: person.id, amr: ['pwd', 'otp'], acr: 'aal2' })
    expect(session.user.lastLoginAt).not.toBeNull()
    expect(await sessions()).toBe(2)
    const [counter] =
      await sql`select failures_in_a_row, pending from lockouts where key = ${deps.counterKey('email', person.email)}`
    expect(counter).toEqual({ failuresInARow: 0, pending: {} })
    const [attempt] = await sql`
      select outcome from login_attempts where account_id = ${person.id} order by at desc limit 1`
    expect(attempt?.outcome).toBe('succeeded')
    const [row] = await sql`
      select details from audit_logs where actor_id = ${person.id} and action = 'session.create' order by id desc limit 1`
    expect(row?.details).toMatchObject({ secondFactor: 'totp' })
  })

  test('says that an app’s code cannot be judged where no key at hand reads its secret; a recovery code still can', async () => {
    const person = await enrolled()
    const [row] = await sql<{ id: string }[]>`select id from totp_factors where account_id = ${person.id}`
    const place = { table: 'totp_factors', column: 'secret', id: row?.id ?? '' }
    const lost = createSecrets(['a key that is lost, and long enough']).encrypt(person.secret, place)
    await sql`update totp_factors set secret = ${lost} where account_id = ${person.id}`
    const mfaToken = await firstStep(person)
    await expectProblem(await secondStep(mfaToken, codeOf(person)), 'service-unavailable')
    expect((await secondStep(mfaToken, person.recoveryCodes[0] ?? '')).status).toBe(200)
  })

  test('takes a recovery code in the place of one, once, and the owner is told', async () => {
    const person = await enrolled()
    const [code = ''] = person.recoveryCodes
    const session = await secondStep(await firstStep(person), code.toLowerCase().replaceAll('-', ' '))
    expect(session.status).toBe(200)
    await expectProblem(await secondStep(await firstStep(person), code), 'invalid-code')
    const mail = (await mailsTo(app, person.email)).find(({ template }) => template === 'recovery-code-used')
    expect(mail?.contents.events).toMatchObject([{ codesLeft: 9 }])
  })

  test('takes a code of the step before or after, none of two away', async () => {
    const person = await enrolled()
    for (const away of [-2, 2])
      await expectProblem(await secondStep(await firstStep(person), codeOf(person, away)), 'invalid-code')
    for (const away of [-1, 0, 1])
      expect((await secondStep(await firstStep(person), codeOf(person, away))).status).toBe(200)
    // Each used, and older ones with it.
    for (const away of [-1, 0, 1])
      await expectProblem(await secondStep(await firstStep(person), codeOf(person, away)), 'invalid-code')
  })

  test('is told from a new device as the log-in was, and not from a known one', async () => {
    const person = await enrolled()
    const before = (await templatesTo(app, person.email)).length
    await logInTwice(person, person.session.deviceToken)
    expect(await templatesTo(app, person.email)).toHaveLength(before)
    await logInTwice(person)
    expect(await templatesTo(app, person.email)).toContain('new-device')
  })
})

describe('of fifty at once', () => {
  test('uses of one token and one code one opens a session', async () => {
    const person = await enrolled()
    const mfaToken = await firstStep(person)
    const code = codeOf(person)
    expect(succeeded(await statusesOf(Array.from({ length: 50 }, () => secondStep(mfaToken, code))))).toBe(1)
    await expectProblem(await secondStep(mfaToken, codeOf(person, 1)), 'invalid-mfa-token')
  })

  test('uses of one token with codes that are all good one does', async () => {
    const person = await enrolled()
    const mfaToken = await firstStep(person)
    const codes = [...person.recoveryCodes, ...[-1, 0, 1].map((away) => codeOf(person, away))]
    const answers = Array.from({ length: 50 }, (_, i) => secondStep(mfaToken, codes[i % codes.length] ?? ''))
    expect(succeeded(await statusesOf(answers))).toBe(1)
  })

  test('uses of one code with as many tokens one does', async () => {
    const person = await enrolled()
    const tokens = await tokensOf(person, 50)
    expect(succeeded(await statusesOf(tokens.map((token) => secondStep(token, codeOf(person)))))).toBe(1)
  })

  test('uses of one recovery code with as many tokens one does', async () => {
    const person = await enrolled()
    const tokens = await tokensOf(person, 50)
    const [code = ''] = person.recoveryCodes
    expect(succeeded(await statusesOf(tokens.map((token) => secondStep(token, code))))).toBe(1)
  })

  test('wrong codes with one token five are judged', async () => {
    const person = await enrolled()
    const mfaToken = await firstStep(person)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => secondStep(mfaToken, wrongCode(person)).then((answer) => bodyOf(answer))),
    )
    const codes = Object.groupBy(answers, ({ code }) => String(code))
    expect(codes['invalid-code']).toHaveLength(5)
    expect(codes['invalid-mfa-token']).toHaveLength(45)
  })
})

describe('a token is void', () => {
  const voided: [string, (person: Enrolled) => Promise<unknown>][] = [
    [
      'after five minutes',
      ({ id }) =>
        sql`update mfa_challenges set expires_at = expires_at - interval '5 minutes' where account_id = ${id}`,
    ],
    [
      'once the password changed',
      ({ session }) =>
        request('/v1/auth/password/change', {
          bearer: session.accessToken,
          json: { currentPassword: goodPassword, newPassword: `another ${goodPassword}` },
        }),
    ],
    ['once the account is locked', ({ id }) => sql`update user_accounts set status = 'locked' where id = ${id}`],
    [
      'once the second factor is another',
      ({ id }) => sql`update totp_factors set id = gen_random_uuid() where account_id = ${id}`,
    ],
    ['once there is none', ({ id }) => sql`update user_accounts set second_factors = '{}' where id = ${id}`],
    [
      'once there is another',
      ({ id }) => sql`update user_accounts set second_factors = second_factors || '{passkey}' where id = ${id}`,
    ],
  ]
  test.each(voided)('%s, and that counts nowhere', async (_, change) => {
    const person = await enrolled()
    const mfaToken = await firstStep(person)
    await change(person)
    await expectProblem(await secondStep(mfaToken, codeOf(person)), 'invalid-mfa-token')
    await expectProblem(await secondStep(mfaToken, wrongCode(person)), 'invalid-mfa-token')
    expect(
      await sql`select 1 from lockouts where key = ${deps.counterKey('code', person.id)} and failures <> '{}'`,
    ).toHaveLength(0)
  })

  test('when it was made up, cut short, or is a session’s', async () => {
    const person = await enrolled()
    const mfaToken = await firstStep(person)
    for (const token of ['', 'x', mfaToken.slice(1), `${mfaToken}x`, person.session.accessToken, "' or 1=1 --"])
      await expectProblem(await secondStep(token, codeOf(person)), 'invalid-mfa-token')
    expect((await secondStep(mfaToken, codeOf(person))).status).toBe(200)
  })

  test.each([
    ['password', 'update user_accounts set password_version = password_version + 1'],
    ['status', "update user_accounts set status = 'locked'"],
    ['factors', "update user_accounts set second_factors = second_factors || '{passkey}'"],
  ])('when the %s changes while the code is judged', async (_, change) => {
    const person = await enrolled()
    const mfaToken = await firstStep(person)
    const commit = await hold(outside, `${change} where id = '${person.id}'`)
    const answer = secondStep(mfaToken, codeOf(person))
    await waiter(outside)
    await commit()
    await expectProblem(await answer, 'invalid-mfa-token')
    const [used] = await sql`select used_at from mfa_challenges where account_id = ${person.id}`
    expect(used?.usedAt).toBeNull()
  })
})

describe('guessing a code', () => {
  /** Wrong codes, five with a token. */
  async function failTimes(person: Enrolled, count: number, deviceId?: string): Promise<void> {
    const tokens = await tokensOf(person, Math.ceil(count / 5), deviceId)
    for (let i = 0; i < count; i++)
      await expectProblem(await secondStep(tokens[Math.floor(i / 5)] ?? '', wrongCode(person)), 'invalid-code')
  }
  const [deviceId = ''] = ['0190e000-0000-7000-8000-000000000001']

  test('is possible thirty times an hour; the owner is told, the trail says so, and a known device is not touched', async () => {
    const person = await enrolled()
    await failTimes(person, 29)
    const before = await firstStep(person)
    await failTimes(person, 1)
    const refused = await secondStep(before, codeOf(person))
    await expectProblem(refused, 'account-locked')
    const seconds = Number(refused.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(3_000)
    expect(seconds).toBeLessThanOrEqual(3_600)
    expect(await templatesTo(app, person.email)).toContain('code-lockout')
    const [row] = await sql`select details from audit_logs where entity_id = ${person.id} and action = 'lockout.start'`
    expect(row?.details).toEqual({ counter: 'code' })
    // The password is another matter: it opens the same door, to the same question.
    const own = await firstStep(person, person.session.deviceToken)
    expect((await secondStep(own, codeOf(person))).status).toBe(200)
    // Nor does that clear what strangers did.
    await expectProblem(await secondStep(await firstStep(person), codeOf(person, 1)), 'account-locked')
  })

  test('costs a token no try while it is paused, and goes on when the hour is over', async () => {
    const person = await enrolled()
    await failTimes(person, 30)
    const [mfaToken = ''] = await tokensOf(person, 1)
    for (let i = 0; i < 6; i++) await expectProblem(await secondStep(mfaToken, codeOf(person)), 'account-locked')
    await sql`update lockouts set locked_until = locked_until - interval '1 hour' where key = ${deps.counterKey('code', person.id)}`
    expect((await secondStep(mfaToken, codeOf(person))).status).toBe(200)
  })

  test('costs a token no try while as many codes are being judged as may be wrong', async () => {
    const person = await enrolled()
    const key = deps.counterKey('code', person.id)
    await sql`
      insert into lockouts (key, pending)
      select ${key}::bytea, jsonb_object_agg(n::text, extract(epoch from clock_timestamp()) + 600) from generate_series(1, 30) n`
    const [mfaToken = ''] = await tokensOf(person, 1)
    for (let i = 0; i < 6; i++) await expectProblem(await secondStep(mfaToken, codeOf(person)), 'rate-limited')
    await sql`update lockouts set pending = '{}' where key = ${key}`
    expect((await secondStep(mfaToken, codeOf(person))).status).toBe(200)
  })

  test('begins anew after a right one, and after an hour without any', async () => {
    const person = await enrolled()
    const key = deps.counterKey('code', person.id)
    await failTimes(person, 29)
    const [token = ''] = await tokensOf(person, 1)
    expect((await secondStep(token, codeOf(person))).status).toBe(200)
    await halfAnHourLater(person)
    await failTimes(person, 29)
    await sql`update lockouts set failures = array(select at - interval '1 hour' from unnest(failures) at) where key = ${key}`
    await failTimes(person, 29)
    // Whatever the pace: a hundred without a right one are the most.
    await sql`update lockouts set failures = '{}', failures_in_a_row = 99 where key = ${key}`
    await failTimes(person, 1)
    const [last = ''] = await tokensOf(person, 1)
    await expectProblem(await secondStep(last, codeOf(person)), 'account-locked')
  })

  test('from a known device counts for it alone, and thirty make a stranger of it', async () => {
    const person = await enrolled()
    await failTimes(person, 30, deviceId)
    // From now on it is judged by the account's counter, which knows of no failure yet.
    const [first = ''] = await tokensOf(person, 1, deviceId)
    await expectProblem(await secondStep(first, wrongCode(person)), 'invalid-code')
    const [stranger = ''] = await tokensOf(person, 1)
    expect((await secondStep(stranger, codeOf(person))).status).toBe(200)
  })

  test('fifty at once, each with a token of its own: thirty are judged at the most', async () => {
    const person = await enrolled()
    const tokens = await tokensOf(person, 50)
    const answers = await Promise.all(
      tokens.map((token) => secondStep(token, wrongCode(person)).then((answer) => bodyOf(answer))),
    )
    const codes = answers.map(({ code }) => code)
    expect(codes.filter((code) => code === 'invalid-code').length).toBeLessThanOrEqual(30)
    expect(codes.every((code) => ['invalid-code', 'account-locked', 'rate-limited'].includes(String(code)))).toBe(true)
  })
})

describe('a storm', () => {
  test('of wrong passwords and of right ones with wrong codes does not lock the owner out of a known device', async () => {
    const person = await enrolled()
    const known = person.session.deviceToken
    for (let i = 0; i < 5; i++)
      await expectProblem(await login({ ...person, password: 'wrong' }), 'invalid-credentials')
    const tokens = await tokensOf(person, 6)
    await Promise.all(tokens.flatMap((token) => Array.from({ length: 5 }, () => secondStep(token, wrongCode(person)))))
    expect((await logInTwice(person, known)).user.id).toBe(person.id)
  })

  test('of first steps leaves what wrong passwords counted, until somebody is in', async () => {
    const person = await enrolled()
    for (let i = 0; i < 4; i++)
      await expectProblem(await login({ ...person, password: 'wrong' }), 'invalid-credentials')
    for (let i = 0; i < 6; i++) await firstStep(person)
    await expectProblem(await login({ ...person, password: 'wrong' }), 'invalid-credentials')
    await expectProblem(await login(person), 'account-locked')
  })
})

test('the auth tier counts a wrong code, and not a token that is void', async () => {
  const limited = await openTestApp({ RATE_LIMIT_AUTH: '2/15m' })
  const steps = secondFactorSteps(limited)
  const person = await steps.enrolled()
  const ask = (mfaToken: string, code: string) =>
    limited.request('/v1/auth/mfa', { json: { mfaToken, code }, ip: '198.51.100.7' })
  for (let i = 0; i < 4; i++) await expectProblem(await ask('void', '123456'), 'invalid-mfa-token')
  const mfaToken = await steps.firstStep(person)
  for (let i = 0; i < 2; i++) await expectProblem(await ask(mfaToken, steps.wrongCode(person)), 'invalid-code')
  await expectProblem(await ask(mfaToken, steps.codeOf(person)), 'rate-limited')
})
