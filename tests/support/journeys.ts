import { expect } from 'bun:test'
import { createHash, randomBytes } from 'node:crypto'
import type { openTestApp, TestApp } from './app.ts'

export const publicUrl = 'http://127.0.0.1:3999'
export const returnTo = 'https://app.example/signed-in'
export const nativeReturnTo = 'com.example.app:/signed-in'
export const callbackOf = (provider: string) => `${publicUrl}/v1/auth/oidc/${provider}/callback`

/** The environment of an app with these providers. */
export const withProviders = (...providers: object[]): Parameters<typeof openTestApp>[0] => ({
  PUBLIC_URL: publicUrl,
  RETURN_URLS: `${returnTo},${nativeReturnTo}`,
  OIDC_PROVIDERS: JSON.stringify(providers),
})

/** A verifier of an app and its challenge (RFC 7636). */
export function newVerifier(): { codeVerifier: string; codeChallenge: string } {
  const codeVerifier = randomBytes(32).toString('base64url')
  return { codeVerifier, codeChallenge: createHash('sha256').update(codeVerifier).digest('base64url') }
}

/** Begins a sign-in, as an app does. @returns the provider's URL, and the app's verifier */
export async function begin({ request }: TestApp, provider: string, to = returnTo) {
  const { codeVerifier, codeChallenge } = newVerifier()
  const query = new URLSearchParams({ returnTo: to, codeChallenge })
  const answer = await request(`/v1/auth/oidc/${provider}/start?${query}`)
  expect(answer.status).toBe(302)
  return { authorizationUrl: answer.headers.get('location') ?? '', codeVerifier }
}

/** Begins to add an identity. */
export async function beginLink({ request }: TestApp, provider: string, bearer: string) {
  const { codeVerifier, codeChallenge } = newVerifier()
  const answer = await request(`/v1/me/identities/${provider}/start`, { bearer, json: { returnTo, codeChallenge } })
  expect(answer.status).toBe(200)
  return { ...((await answer.json()) as { authorizationUrl: string }), codeVerifier }
}

/** Returns the browser to the service. @returns the parameters of the fragment, as the app reads them */
export async function comeBack({ request }: TestApp, callback: URL, to = returnTo): Promise<Record<string, string>> {
  const answer = await request(`${callback.pathname}${callback.search}`)
  expect(answer.status).toBe(302)
  const location = answer.headers.get('location') ?? ''
  expect(location.startsWith(`${to}#`)).toBe(true)
  return Object.fromEntries(new URLSearchParams(location.slice(location.indexOf('#') + 1)))
}
