import { expect } from 'bun:test'
import { Secret, TOTP } from 'otpauth'
import { type Given, goodPassword, registered } from './accounts.ts'
import { bodyOf, type SessionJson, type TestApp } from './app.ts'

export type Enrolled = Given & {
  secret: string
  recoveryCodes: string[]
  /** The session in which the app was enrolled, which is aal2. */
  session: SessionJson
}

/**
 * Steps of people with an authenticator app. Stops the app's clock, so that a code stays in its time step however busy
 * the machine is.
 */
export function secondFactorSteps(app: TestApp) {
  const { request, sql, clock } = app
  clock.stop()

  /** The code of an authenticator app now, or some time steps ahead. */
  function codeOf({ secret }: { secret: string }, steps = 0): string {
    const totp = new TOTP({ algorithm: 'SHA1', digits: 6, period: 30, secret: Secret.fromBase32(secret) })
    return totp.generate({ timestamp: clock.now() + steps * 30_000 })
  }

  /** A code that is wrong now and for a few minutes. */
  function wrongCode(of: { secret: string }): string {
    const near = Array.from({ length: 21 }, (_, i) => codeOf(of, i - 10))
    const wrong = Array.from({ length: 30 }, (_, i) => `${100_000 + i}`).find((code) => !near.includes(code))
    if (!wrong) throw new Error('at most 21 of 30 codes are right')
    return wrong
  }

  async function begin(bearer: string): Promise<{ secret: string; otpauthUri: string; qrSvg: string }> {
    const begun = await request('/v1/me/mfa/totp', { method: 'POST', bearer })
    expect(begun.status).toBe(201)
    return bodyOf(begun)
  }

  const confirm = (bearer: string, code: string, headers: Record<string, string> = {}) =>
    request('/v1/me/mfa/totp/confirm', { json: { code }, bearer, headers })

  /** Enrols an authenticator app for a signed-in person, and refreshes the session. */
  async function enrol(person: SessionJson & Given): Promise<Enrolled> {
    const { secret } = await begin(person.accessToken)
    const confirmed = await confirm(person.accessToken, codeOf({ secret }))
    expect(confirmed.status).toBe(200)
    const { recoveryCodes } = await bodyOf<{ recoveryCodes: string[] }>(confirmed)
    await halfAnHourLater(person)
    const session = await bodyOf<SessionJson>(
      await request('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } }),
    )
    const { id, email, password } = person
    return { id, email, password, secret, recoveryCodes, session }
  }

  const enrolled = async (): Promise<Enrolled> => enrol(await registered(app))

  /** Makes the used codes half an hour older, so that present ones are unused. */
  async function halfAnHourLater({ id }: { id: string }): Promise<void> {
    await sql`update totp_factors set last_step = last_step - 60 where account_id = ${id} and confirmed_at is not null`
  }

  const login = ({ email, password = goodPassword }: { email: string; password?: string }, deviceToken?: string) =>
    request('/v1/auth/login', {
      json: { email, password },
      ...(deviceToken && { headers: { 'X-Device-Token': deviceToken } }),
    })

  /** Logs in by the password. @returns the mfaToken */
  async function firstStep(person: { email: string; password?: string }, deviceToken?: string): Promise<string> {
    const asked = await login(person, deviceToken)
    expect(asked.status).toBe(202)
    return (await bodyOf<{ mfaToken: string }>(asked)).mfaToken
  }

  const secondStep = (mfaToken: string, code: string) => request('/v1/auth/mfa', { json: { mfaToken, code } })

  /** Logs in by both factors. */
  async function logInTwice(person: Enrolled, deviceToken?: string): Promise<SessionJson> {
    const done = await secondStep(await firstStep(person, deviceToken), codeOf(person))
    expect(done.status).toBe(200)
    await halfAnHourLater(person)
    return bodyOf(done)
  }

  return {
    codeOf,
    wrongCode,
    begin,
    confirm,
    enrol,
    enrolled,
    halfAnHourLater,
    login,
    firstStep,
    secondStep,
    logInTwice,
  }
}
