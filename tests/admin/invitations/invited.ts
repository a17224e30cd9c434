import { expect } from 'bun:test'
import type { User } from '../../../src/auth/account.ts'
import { newEmail } from '../../support/accounts.ts'
import { bodyOf, type SessionJson, type TestApp } from '../../support/app.ts'
import { tokenTo } from '../../support/mails.ts'

export const chosenPassword = 'granite lantern orchard velvet'

/** What administrators and the people whom they invite do, as requests. */
export function invitationSteps(app: TestApp) {
  const { request } = app
  const invite = (bearer: string, json: Record<string, unknown> = {}) =>
    request('/v1/admin/users', { bearer, json: { email: newEmail(), ...json } })
  const accept = (token: string, password: unknown = chosenPassword) =>
    request('/v1/auth/invitation/accept', { json: { token, password } })

  return {
    invite,
    accept,
    again: (bearer: string, id: string) => request(`/v1/admin/users/${id}/invitation`, { bearer, method: 'POST' }),
    mailReset: (bearer: string, id: string) =>
      request(`/v1/admin/users/${id}/password-reset`, { bearer, method: 'POST' }),
    /** An account that waits for its invitation to be accepted, and the token of its mail. */
    async invited(bearer: string, json: Record<string, unknown> = {}): Promise<User & { token: string }> {
      const answer = await invite(bearer, json)
      expect(answer.status).toBe(201)
      const user = await bodyOf<User>(answer)
      return { ...user, token: await tokenTo(app, user.email, 'accept-invitation') }
    },
    /** The session that accepting opens. */
    async accepted(token: string): Promise<SessionJson> {
      const answer = await accept(token)
      expect(answer.status).toBe(200)
      return bodyOf<SessionJson>(answer)
    },
  }
}
