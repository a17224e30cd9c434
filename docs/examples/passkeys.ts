/**
 * Passkeys on a web page, over @simplewebauthn/browser: add one while signed in, and sign in with it, typing nothing.
 * tests/passkeys/in-browser.test.ts runs this file in Chromium. With a bundler as it is; API is where MANAS360 answers.
 */
import {
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from '@simplewebauthn/browser'

type Options<T> = { challengeToken: string; options: T }
type Session = { accessToken: string; refreshToken: string; deviceToken: string; user: { id: string; email: string } }

/** What the service refused, by its code: `invalid-passkey`, `reauthentication-required`, `mfa-required`, … */
export class Refused extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

const API = ''

async function post<T>(path: string, headers: Record<string, string>, body?: object): Promise<T> {
  const answer = await fetch(API + path, {
    method: 'POST',
    headers: body ? { 'Content-Type': 'application/json', ...headers } : headers,
    ...(body && { body: JSON.stringify(body) }),
  })
  const json = await answer.json()
  if (!answer.ok) throw new Refused((json as { code: string }).code)
  return json as T
}

/** The browser asks for a finger or a PIN and makes the key. Wants a sign-in of the last 10 minutes. */
export async function addPasskey(accessToken: string, name: string): Promise<{ id: string; name: string }> {
  const headers = { Authorization: `Bearer ${accessToken}` }
  const asked = await post<Options<PublicKeyCredentialCreationOptionsJSON>>('/v1/me/passkeys/options', headers)
  const response = await startRegistration({ optionsJSON: asked.options })
  return post('/v1/me/passkeys', headers, { challengeToken: asked.challengeToken, response, name })
}

/** The browser shows the passkeys that it has for this site; none of them needs an address. */
export async function signIn(deviceToken?: string): Promise<Session> {
  const asked = await post<Options<PublicKeyCredentialRequestOptionsJSON>>('/v1/auth/passkey/options', {})
  const response = await startAuthentication({ optionsJSON: asked.options })
  const headers: Record<string, string> = deviceToken ? { 'X-Device-Token': deviceToken } : {}
  return post('/v1/auth/passkey', headers, { challengeToken: asked.challengeToken, response })
}
