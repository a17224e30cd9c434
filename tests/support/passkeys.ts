import { expect } from 'bun:test'
import { randomBytes } from 'node:crypto'
import type { CreationOptions, RequestOptions } from '../../src/passkeys/schemas.ts'
import { bodyOf, type SessionJson, type TestApp } from './app.ts'
import { SoftPasskey } from './soft-passkey.ts'

export type PasskeyJson = { id: string; name: string; createdAt: string; lastUsedAt: string | null; backedUp: boolean }
type Signed = { bearer: string }

/** New tokens of the same session, with its present strength. */
export async function renewed({ request }: TestApp, { refreshToken }: { refreshToken: string }) {
  const session = await bodyOf<SessionJson>(await request('/v1/auth/refresh', { json: { refreshToken } }))
  return { bearer: session.accessToken, refreshToken: session.refreshToken }
}

/** Options for a new passkey of a signed-in person. */
export async function creationOptions({ request }: TestApp, { bearer }: Signed): Promise<CreationOptions> {
  const answer = await request('/v1/me/passkeys/options', { method: 'POST', bearer })
  expect(answer.status).toBe(200)
  return bodyOf<CreationOptions>(answer)
}

/** Options for a sign-in. */
export async function signInOptions({ request }: TestApp): Promise<RequestOptions> {
  const answer = await request('/v1/auth/passkey/options', { method: 'POST' })
  expect(answer.status).toBe(200)
  return bodyOf<RequestOptions>(answer)
}

/** Adds a passkey of this authenticator. @returns the answer */
export async function addPasskey(
  app: TestApp,
  { bearer }: Signed,
  { passkey = new SoftPasskey(), name = 'Phone' }: { passkey?: SoftPasskey; name?: string } = {},
): Promise<Response> {
  const { challengeToken, options } = await creationOptions(app, { bearer })
  return app.request('/v1/me/passkeys', { bearer, json: { challengeToken, response: passkey.create(options), name } })
}

/** A passkey of a signed-in person. */
export async function givenPasskey(app: TestApp, signed: Signed, passkey = new SoftPasskey()) {
  const answer = await addPasskey(app, signed, { passkey })
  expect(answer.status).toBe(201)
  return { passkey, ...(await bodyOf<PasskeyJson>(answer)) }
}

/** Signs in with a passkey. @returns the answer */
export async function usePasskey(app: TestApp, passkey: SoftPasskey): Promise<Response> {
  const { challengeToken, options } = await signInOptions(app)
  return app.request('/v1/auth/passkey', { json: { challengeToken, response: passkey.get(options) } })
}

/** A session that a passkey opened. */
export async function signInWith(app: TestApp, passkey: SoftPasskey): Promise<SessionJson> {
  const answer = await usePasskey(app, passkey)
  expect(answer.status).toBe(200)
  return bodyOf<SessionJson>(answer)
}

/** A passkey inserted into the table, without an authenticator. @returns its id */
export async function storedPasskey({ sql }: TestApp, accountId: string, name = 'Phone'): Promise<string> {
  const id = Bun.randomUUIDv7()
  await sql`
    insert into passkeys (id, account_id, credential_id, public_key, sign_count, backup_eligible, backed_up, transports, name)
    values (${id}, ${accountId}, ${randomBytes(16)}, ${randomBytes(77)}, 0, true, true, '{internal}', ${name})`
  return id
}
