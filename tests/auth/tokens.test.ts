import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ProblemCode } from '../../src/errors/app-error.ts'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { claimsOf, mint } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql, deps, clock } = app
const person = await registered(app)
/** A real token's claims: what a test does not say is right. */
const good = claimsOf(person.accessToken)
const { iat = 0 } = good
const ask = (bearer: string) => request('/v1/me', { bearer })
const withHeader = (Authorization: string) => request('/v1/me', { headers: { Authorization } })

test('a token ends at its second, and is called expired only if it was ours', async () => {
  const token = await mint({ ...good, iat: iat - 600, nbf: iat - 600, exp: iat + 30 })
  const forged = await mint({ ...good, iat: iat - 600, nbf: iat - 600, exp: iat + 30 }, {}, 'x'.repeat(64))
  expect((await ask(token)).status).toBe(200)
  clock.advance(30)
  await expectProblem(await ask(token), 'token-expired')
  await expectProblem(await ask(forged), 'invalid-token')
  clock.advance(-30)
})

test('clocks that disagree by a few seconds do not refuse a fresh token', async () => {
  expect((await ask(await mint({ ...good, iat: iat + 4, nbf: iat + 4, exp: iat + 600 }))).status).toBe(200)
})

describe('the Authorization header', () => {
  const token = person.accessToken
  const refused: [string, string, ProblemCode][] = [
    ['two of them joined', `Bearer ${token}, Bearer ${token}`, 'invalid-token'],
    ['the scheme alone', 'Bearer', 'invalid-token'],
    ['two tokens', `Bearer ${token} ${token}`, 'invalid-token'],
    ['Basic', `Basic ${token}`, 'authentication-required'],
    ['Token', `Token ${token}`, 'authentication-required'],
    ['DPoP', `DPoP ${token}`, 'authentication-required'],
    ['no scheme', token, 'authentication-required'],
    ['a scheme that begins with Bearer', `BearerX ${token}`, 'authentication-required'],
    ['nothing', '', 'authentication-required'],
  ]
  for (const [name, header, code] of refused)
    test(`with ${name} is ${code}`, async () => {
      await expectProblem(await withHeader(header), code)
    })

  test('names its scheme in any case (RFC 9110 11.1)', async () => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer'])
      expect((await withHeader(`${scheme} ${token}`)).status).toBe(200)
  })

  test('is the only place for a token: not the query, not a cookie', async () => {
    await expectProblem(await request(`/v1/me/entitlements?access_token=${token}`), 'authentication-required')
    await expectProblem(
      await request('/v1/me', { headers: { Cookie: `access_token=${token}` } }),
      'authentication-required',
    )
  })

  test('gets a challenge that names an error only when credentials came (RFC 6750 3.1)', async () => {
    expect((await request('/v1/me')).headers.get('www-authenticate')).toBe('Bearer')
    expect((await ask('x')).headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(
      (await ask(await mint({ ...good, iat: iat - 800, nbf: iat - 800, exp: iat - 1 }))).headers.get(
        'www-authenticate',
      ),
    ).toContain('error="invalid_token"')
  })
})

describe('no edit of a token verifies', () => {
  const token = person.accessToken
  const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n']
  const position = fc.nat(token.length - 1)
  const character = fc.constantFrom(...alphabet)

  test('one character replaced, inserted or removed', () => {
    expect(deps.tokens.verifyAccess(token)).toBeObject()
    fc.assert(
      fc.property(position, character, (at, char) => {
        const before = token.slice(0, at)
        const edits = [
          before + char + token.slice(at + 1),
          before + char + token.slice(at),
          before + token.slice(at + 1),
        ]
        for (const edit of edits) if (edit !== token) expect(deps.tokens.verifyAccess(edit)).toBe('invalid-token')
      }),
      { numRuns: 1_000 },
    )
  })

  test('the last character, which has bits to spare, in each of its 63 other spellings', () => {
    for (const char of alphabet)
      if (char !== token.at(-1)) expect(deps.tokens.verifyAccess(token.slice(0, -1) + char)).toBe('invalid-token')
  })
})

describe('what a token says', () => {
  const always = 'acr amr aud auth_time cv exp feats iat iss jti lvl nbf perms plan role sid sub tier ver'.split(' ')

  test('is the contract to the letter: no claim more, none less', async () => {
    expect(Object.keys(good).sort()).toEqual(always)
    expect((good.exp ?? 0) - iat).toBe(900)
    expect(good).toMatchObject({
      plan: 'free',
      tier: 1,
      role: 'user',
      lvl: 10,
      feats: ['api_access'],
      nbf: iat,
      ver: 1,
      amr: ['pwd'],
      acr: 'aal1',
    })
  })

  test('has `pex` on a plan with an end, at its second, and `ovr` with an override', async () => {
    const endsAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 86_400_000)
    const account = await givenAccount(app, { plan: 'starter', role: 'subscriber', endsAt })
    await sql`insert into account_features (account_id, feature, granted, limit_value, expires_at, reason) values
      (${account.id}, 'sso_oauth', true, 7, ${endsAt}, 'asked'), (${account.id}, 'data_export', false, null, null, 'abuse')`
    const claims = claimsOf((await logIn(app, account)).accessToken)
    expect(Object.keys(claims).sort()).toEqual([...always, 'ovr', 'pex'].sort())
    const exp = endsAt.getTime() / 1000
    expect(claims.pex).toBe(exp)
    expect(claims.ovr).toEqual({ sso_oauth: { g: true, lim: 7, exp }, data_export: { g: false } })
    expect(claims.feats).toEqual(['api_access', 'priority_support', 'sso_oauth'])
  })

  test('fits 1,400 bytes for a superadmin with every feature', async () => {
    const account = await givenAccount(app, { role: 'superadmin', plan: 'enterprise' })
    const { accessToken } = await logIn(app, account)
    expect(claimsOf(accessToken).feats).toHaveLength(14)
    expect(claimsOf(accessToken).perms).toHaveLength(12)
    expect(Buffer.byteLength(accessToken)).toBeLessThanOrEqual(1_400)
  })

  test('of a refresh token is who and which, for seven days, and nothing of rights', () => {
    const claims = claimsOf(person.refreshToken)
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub'])
    expect([(claims.exp ?? 0) - (claims.iat ?? 0), claims.sid, claims.sub]).toEqual([604_800, good.sid, person.id])
  })

  test('names nobody: no e-mail, no name', async () => {
    const named = await registered(app, { firstName: 'Asha', lastName: 'Rao' })
    for (const token of [named.accessToken, named.refreshToken])
      expect(JSON.stringify(claimsOf(token))).not.toMatch(new RegExp(`${named.email}|Asha|Rao`, 'i'))
  })

  test('has an id of at least 128 bits, never the same twice', async () => {
    const ids = new Set<unknown>()
    for (let i = 0; i < 5; i++) {
      const { accessToken, refreshToken } = await logIn(app, person)
      for (const { jti } of [claimsOf(accessToken), claimsOf(refreshToken)]) {
        expect(Buffer.from(jti ?? '', 'base64url').byteLength).toBeGreaterThanOrEqual(16)
        ids.add(jti)
      }
    }
    expect(ids.size).toBe(10)
  })
})
