import { demand, listOf, type Step } from './step.ts'

/** A log-in by the password of the run. */
export const login = (email: string): Step['run'] => ({
  method: 'POST',
  path: '/v1/auth/login',
  body: { email, password: '$PASSWORD' },
})

/** Enrols an authenticator app for a person who has just signed in; the refreshed token has `acr` aal2. */
export const secondFactor = (person: 'ROOT' | 'RAVI', titles: [string, string, string, string]): Step[] => [
  {
    title: titles[0],
    text: 'The answer has the secret as text, as an address and as a QR code, this once. Nothing is asked for yet.',
    run: { method: 'POST', path: '/v1/me/mfa/totp', as: person },
    expect: { status: 201 },
    keep: { [`${person}_SECRET`]: 'secret' },
  },
  {
    title: titles[1],
    text: 'An app on a telephone; here `code`, which knows the secret.',
    run: { secretIn: `${person}_SECRET`, code: `${person}_CODE` },
  },
  {
    title: titles[2],
    text: 'From now on the second factor is asked for. The recovery codes are for the day on which the telephone is gone.',
    run: { method: 'POST', path: '/v1/me/mfa/totp/confirm', as: person, body: { code: `$${person}_CODE` } },
    expect: { status: 200 },
    check({ body }) {
      demand(listOf(body, 'recoveryCodes').length === 10, 'ten recovery codes')
      return 'ten recovery codes'
    },
  },
  {
    title: titles[3],
    text: 'The session has shown a second factor by that. Its next access token says so (`acr`: `aal2`), as `REQUIRE_ADMIN_MFA` wants of whoever administrates.',
    run: { method: 'POST', path: '/v1/auth/refresh', body: { refreshToken: `$${person}_REFRESH` } },
    expect: { status: 200 },
    keep: { [person]: 'accessToken' },
  },
]
