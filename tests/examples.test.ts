import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { givenAccount, logIn } from './support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from './support/app.ts'
import { until } from './support/server-process.ts'
import { forge, keyOf, newKeySet, signingWith } from './support/signing-keys.ts'
import { claimsOf, mint } from './support/tokens.ts'

const JWT_ISSUER = 'https://api.manas360.test'
const set = await newKeySet('ES256')
const app = await openTestApp({ ...signingWith('ES256', set), JWT_ISSUER })
const { request } = app
const superadmin = await logIn(app, await givenAccount(app, { role: 'superadmin' }))

/** The example as a process, beside MANAS360 itself behind a socket. */
async function startExample() {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (incoming, handle) => app.app.fetch(incoming, { server: handle }),
  })
  const program = join(import.meta.dir, '../docs/examples/verifying-service.ts')
  const child = Bun.spawn([process.execPath, '--no-env-file', program, server.url.origin], {
    env: { PATH: process.env.PATH ?? '', PORT: '0', JWT_ISSUER, CHANGES_TOKEN: superadmin.accessToken },
    stdout: 'pipe',
    stderr: 'ignore',
  })
  afterAll(async () => {
    child.kill('SIGKILL')
    await child.exited
    await server.stop(true)
  })
  const url = await readUrl(child.stdout)
  const ask = async (token?: string) => {
    const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` }
    const response = await fetch(url, { headers })
    return `${response.status} ${(await bodyOf<{ error?: string }>(response)).error ?? 'report'}`
  }
  return {
    ask,
    becomes: (token: string, answer: string) =>
      until(async () => (await ask(token)) === answer, 10, `the example answers ${answer}`),
    cutOff: () => server.stop(true),
  }
}

async function readUrl(output: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of output) {
    text += new TextDecoder().decode(chunk)
    const found = /listening on (\S+)/.exec(text)?.[1]
    if (found) return found
  }
  throw new Error(`the example ended before it listened: ${text}`)
}

const { ask, becomes } = await startExample()

test('the example of a verifying service takes real tokens alone, and asks for the feature', async () => {
  const [rich, poor] = [await givenAccount(app, { plan: 'professional', role: 'subscriber' }), await givenAccount(app)]
  const { accessToken } = await logIn(app, rich)
  expect(await ask(accessToken)).toBe('200 report')
  expect(await ask((await logIn(app, poor)).accessToken)).toBe('403 feature-not-in-plan')
  const claims = claimsOf(accessToken)
  const header = { alg: 'ES256', typ: 'at+jwt', kid: keyOf(set).id }
  const other = await newKeySet('ES256')
  const forgeries = [
    await mint(claims),
    forge({ ...header, typ: 'JWT' }, claims, keyOf(set).jwk),
    forge(header, { ...claims, iss: 'https://evil.test' }, keyOf(set).jwk),
    forge(header, { ...claims, aud: 'another' }, keyOf(set).jwk),
    forge(header, { ...claims, exp: 1 }, keyOf(set).jwk),
    forge(header, claims, keyOf(other).jwk),
    forge({ ...header, kid: keyOf(other).id }, claims, keyOf(other).jwk),
    'x',
  ]
  for (const token of forgeries) expect(await ask(token)).toBe('401 invalid')
  expect(await ask()).toBe('401 invalid')
})

test('it obeys a log-out, a lock, a grant and an edited plan within its poll, and refreshed tokens go on', async () => {
  const person = await givenAccount(app, { plan: 'professional', role: 'subscriber' })
  const [first, second] = [await logIn(app, person), await logIn(app, person)]
  await request('/v1/auth/logout', { method: 'POST', bearer: first.accessToken })
  await becomes(first.accessToken, '401 revoked')
  const renew = async ({ refreshToken }: SessionJson) =>
    bodyOf<SessionJson>(await request('/v1/auth/refresh', { json: { refreshToken } }))
  const third = await renew(second)
  expect(await ask(third.accessToken)).toBe('200 report')

  const bearer = superadmin.accessToken
  const json = { granted: false, reason: 'asked for on the telephone' }
  const path = `/v1/admin/users/${person.id}/features/advanced_reporting`
  expect((await request(path, { method: 'PUT', bearer, json })).status).toBe(200)
  await becomes(third.accessToken, '401 outdated')
  const fourth = await renew(third)
  expect(await ask(fourth.accessToken)).toBe('403 feature-not-in-plan')

  const edit = { method: 'PATCH', bearer, json: { description: 'another text' } }
  expect((await request('/v1/admin/plans/professional', edit)).status).toBe(200)
  await becomes(fourth.accessToken, '401 outdated')
  const fifth = await renew(fourth)
  expect(await ask(fifth.accessToken)).toBe('403 feature-not-in-plan')

  await request(`/v1/admin/users/${person.id}/lock`, { bearer, json: { reason: 'asked for on the telephone' } })
  await becomes(fifth.accessToken, '401 outdated')
})

test('without news of changes it refuses, rather than trust what may be over', async () => {
  const alone = await startExample()
  const person = await givenAccount(app, { plan: 'professional', role: 'subscriber' })
  const { accessToken } = await logIn(app, person)
  expect(await alone.ask(accessToken)).toBe('200 report')
  await alone.cutOff()
  await alone.becomes(accessToken, '503 stale')
})
