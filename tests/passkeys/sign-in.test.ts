import { describe, expect, test } from 'bun:test'
import type { RequestOptions } from '../../src/passkeys/schemas.ts'
import { newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { lockoutSteps } from '../support/lockouts.ts'
import { templatesTo } from '../support/mails.ts'
import { creationOptions, givenPasskey, renewed, signInOptions, signInWith, usePasskey } from '../support/passkeys.ts'
import { expectProblem } from '../support/problems.ts'
import { SoftPasskey } from '../support/soft-passkey.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql } = app

/** A person with a passkey, signed in by their registration. */
async function givenOwner(traits: ConstructorParameters<typeof SoftPasskey>[0] = {}) {
  const owner = await registered(app)
  const { passkey, id: passkeyId } = await givenPasskey(app, { bearer: owner.accessToken }, new SoftPasskey(traits))
  return { ...owner, ...(await renewed(app, owner)), passkey, passkeyId }
}
const signIn = (json: object, headers: Record<string, string> = {}) => request('/v1/auth/passkey', { json, headers })
const owner = await givenOwner()

describe('signing in with a passkey', () => {
  test('asks for no address, and opens a session of aal2 whose device is a new one', async () => {
    const before = await templatesTo(app, owner.email)
    const session = await signInWith(app, owner.passkey)
    expect(session.user.id).toBe(owner.id)
    expect(claimsOf(session.accessToken)).toMatchObject({ sub: owner.id, amr: ['hwk'], acr: 'aal2' })
    expect((await request('/v1/me', { bearer: session.accessToken })).status).toBe(200)
    expect((await templatesTo(app, owner.email)).slice(before.length)).toEqual(['new-device'])
    const [row] = await sql`
      select a.last_login_at is not null as noted, (select outcome from login_attempts where account_id = a.id order by id desc limit 1) as outcome,
             (select details->>'passkeyId' from audit_logs where actor_id = a.id and action = 'session.create' order by id desc limit 1) as passkey,
             (select last_used_at is not null from passkeys where id = ${owner.passkeyId}) as used
        from user_accounts a where id = ${owner.id}`
    expect(row).toEqual({ noted: true, outcome: 'succeeded', passkey: owner.passkeyId, used: true })
  })

  test('on a device that is known tells nobody', async () => {
    const { deviceToken } = await signInWith(app, owner.passkey)
    const before = await templatesTo(app, owner.email)
    const { challengeToken, options } = await signInOptions(app)
    const json = { challengeToken, response: owner.passkey.get(options) }
    expect((await signIn(json, { 'X-Device-Token': deviceToken })).status).toBe(200)
    expect(await templatesTo(app, owner.email)).toEqual(before)
  })

  test('works with keys of any size, synced or not; what may be copied is a key in software (RFC 8176)', async () => {
    const passkey = new SoftPasskey({ algorithm: 'ML-DSA-44', backup: 'eligible', counts: false })
    await givenPasskey(app, owner, passkey)
    for (const backup of ['eligible', 'done', 'eligible'] as const) {
      passkey.traits.backup = backup
      expect(claimsOf((await signInWith(app, passkey)).accessToken)).toMatchObject({ amr: ['swk'], acr: 'aal2' })
      const { items } = await bodyOf<{ items: { backedUp: boolean }[] }>(
        await request('/v1/me/passkeys?limit=1', { bearer: owner.bearer }),
      )
      expect(items[0]?.backedUp).toBe(backup === 'done')
    }
  })

  test('is not stopped by a lockout of the address, which strangers bring about', async () => {
    const { failTimes, lockedFor } = lockoutSteps(app)
    await failTimes(5, owner.email)
    expect(await lockedFor(owner.email)).toBePositive()
    await signInWith(app, owner.passkey)
  })

  test('is refused while the account is locked, and once it is erased', async () => {
    const { id, passkey } = await givenOwner()
    await sql`update user_accounts set status = 'locked' where id = ${id}`
    await expectProblem(await usePasskey(app, passkey), 'invalid-passkey')
    await sql`update user_accounts set status = 'active' where id = ${id}`
    const { accessToken: bearer } = await signInWith(app, passkey)
    expect((await request('/v1/me', { method: 'DELETE', bearer, json: { password: owner.password } })).status).toBe(204)
    await expectProblem(await usePasskey(app, passkey), 'invalid-passkey')
  })
})

describe('a response is refused', () => {
  type Wrong = (right: RequestOptions) => Promise<object> | object
  const lying = (traits: Partial<SoftPasskey['traits']>, { options }: RequestOptions) => {
    const liar = owner.passkey.copy(traits)
    liar.counter += 1000
    return { response: liar.get(options) }
  }
  const edited = (edit: object, { options }: RequestOptions) => {
    const response = owner.passkey.get(options)
    return { response: { ...response, response: { ...response.response, ...edit } } }
  }
  const wrongs: Record<string, Wrong> = {
    'to another challenge': async () => ({ response: owner.passkey.get((await signInOptions(app)).options) }),
    'whose token is none': () => ({ challengeToken: 'x' }),
    'whose token was edited': ({ challengeToken }) => ({ challengeToken: challengeToken.replace(/^\d/, '9') }),
    'whose challenge was asked for a new passkey': async () => {
      const { challengeToken, options } = await creationOptions(app, owner)
      return { challengeToken, response: owner.passkey.get({ ...options, rpId: options.rp.id }) }
    },
    'from another origin': (right) => lying({ origin: 'http://localhost:3001' }, right),
    'from a page like ours': (right) => lying({ origin: 'http://localhost:30000' }, right),
    'for another domain': (right) => lying({ rpId: 'example.com' }, right),
    'without a user who was verified': (right) => lying({ verifies: false }, right),
    'from within a frame of another origin': (right) => lying({ framed: true }, right),
    'of a key that cannot be copied, and now says it can': (right) => lying({ backup: 'eligible' }, right),
    'of a key that cannot be copied, and says it was': (right) => lying({ backup: 'impossible' }, right),
    'that another key signed': ({ options }) => {
      const other = new SoftPasskey()
      return { response: { ...other.get(options), id: owner.passkey.encodedId, rawId: owner.passkey.encodedId } }
    },
    'whose signature is of something else': (right) => edited({ signature: 'MEUCIQ' }, right),
    'of a passkey that nobody has': ({ options }) => ({ response: new SoftPasskey().get(options) }),
    'that does not say whose it is': (right) => edited({ userHandle: undefined }, right),
    'that says it is of somebody else': (right) => edited({ userHandle: 'AAAAAAAAAAAAAAAAAAAAAA' }, right),
    'made for a registration': ({ options }) => ({
      response: { ...owner.passkey.get(options), response: ofRegistration(options) },
    }),
    'of bytes that mean nothing': (right) =>
      edited({ clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' }, right),
  }
  const ofRegistration = (options: RequestOptions['options']) => {
    const { response } = owner.passkey.copy().create({ ...options, rp: { id: 'localhost' }, user: { id: 'AAAA' } })
    return { ...owner.passkey.get(options).response, clientDataJSON: response.clientDataJSON }
  }

  test.each(Object.entries(wrongs))('%s, and the right one still works', async (_, wrong) => {
    const right = await signInOptions(app)
    const { challengeToken } = right
    const json = { challengeToken, response: owner.passkey.get(right.options) }
    await expectProblem(await signIn({ ...json, ...(await wrong(right)) }), 'invalid-passkey')
    const last = { challengeToken, response: owner.passkey.get(right.options) }
    expect((await signIn(last)).status).toBe(200)
  })

  test('that is malformed: 422, and what a browser may add one day is ignored', async () => {
    const { challengeToken, options } = await signInOptions(app)
    const response = owner.passkey.get(options)
    for (const wrong of [
      { challengeToken },
      { challengeToken, response: { ...response, id: 'a b' } },
      { challengeToken, response: { ...response, type: 'password' } },
      { challengeToken, response, more: 1 },
      { challengeToken, response: { ...response, response: { ...response.response, signature: 'A'.repeat(20_000) } } },
    ])
      await expectProblem(await signIn(wrong), 'validation-failed')
    const json = { challengeToken, response: { ...response, later: { at: [1] } } }
    expect((await signIn(json)).status).toBe(200)
  })

  test('with an address that must be verified first: to the right passkey alone', async () => {
    const verifying = await givenOwner()
    const config = { ...app.config, requireEmailVerification: true }
    const { signInWithPasskey } = await import('../../src/passkeys/sign-in.ts')
    const { challengeToken, options } = await signInOptions(app)
    const attempt = (passkey: SoftPasskey) =>
      signInWithPasskey(
        { ...app.deps, config },
        { ip: '127.0.0.1', userAgent: null, requestId: 'test' },
        { challengeToken, response: passkey.get(options) },
        undefined,
      )
    await expect(attempt(new SoftPasskey())).rejects.toMatchObject({ code: 'invalid-passkey' })
    await sql`update user_accounts set status = 'locked' where id = ${verifying.id}`
    await expect(attempt(verifying.passkey)).rejects.toMatchObject({ code: 'invalid-passkey' })
    await sql`update user_accounts set status = 'active' where id = ${verifying.id}`
    await expect(attempt(verifying.passkey)).rejects.toMatchObject({ code: 'email-not-verified' })
    await sql`update user_accounts set email_verified_at = now() where id = ${verifying.id}`
    expect(await attempt(verifying.passkey)).toMatchObject({ user: { id: verifying.id } })
  })

  test('is noted for the person whose passkey it was', async () => {
    const { id, passkey } = await givenOwner()
    const { challengeToken, options } = await signInOptions(app)
    const response = passkey.copy({ verifies: false }).get(options)
    await expectProblem(await signIn({ challengeToken, response }), 'invalid-passkey')
    const rows = await sql<{ outcome: string }[]>`select outcome from login_attempts where account_id = ${id}`
    expect(rows.map(({ outcome }) => outcome)).toEqual(['failed'])
  })
})

describe('a passkey that was copied', () => {
  const refusals = (id: string) =>
    sql<{ counts: string }[]>`
      select concat(details->>'signCount', ' ', details->>'presented') as counts from audit_logs
       where action = 'passkey.refuse_copy' and entity_id = ${id} order by id`.then((rows) =>
      rows.map(({ counts }) => counts),
    )

  test('is refused once its counter has gone back: audited and told once for each challenge; the other goes on', async () => {
    const { id, email, passkey } = await givenOwner()
    const copy = passkey.copy()
    await signInWith(app, passkey)
    const { challengeToken, options } = await signInOptions(app)
    const json = { challengeToken, response: copy.get(options) }
    for (let i = 0; i < 3; i++) await expectProblem(await signIn(json), 'invalid-passkey')
    expect(await refusals(id)).toEqual(['2 2'])
    expect((await templatesTo(app, email)).filter((name) => name === 'passkey-copied')).toHaveLength(1)
    await signInWith(app, passkey)
    await expectProblem(await usePasskey(app, copy), 'invalid-passkey')
    expect(await refusals(id)).toHaveLength(2)
  })

  test('raises no alarm for somebody who has no key', async () => {
    const { id, passkey } = await givenOwner()
    const { challengeToken, options } = await signInOptions(app)
    const copy = passkey.copy()
    copy.counter = 0
    const response = copy.get(options)
    const forged = {
      ...response,
      response: { ...response.response, signature: new SoftPasskey().get(options).response.signature },
    }
    await expectProblem(await signIn({ challengeToken, response: forged }), 'invalid-passkey')
    expect(await refusals(id)).toEqual([])
  })

  test('is not told apart where the authenticator does not count', async () => {
    const { passkey } = await givenOwner({ counts: false })
    for (let i = 0; i < 3; i++) await signInWith(app, passkey)
    const counted = await givenOwner()
    counted.passkey.traits.counts = false
    await expectProblem(await usePasskey(app, counted.passkey), 'invalid-passkey')
  })
})

test('nothing is stored for options that are asked for, however often', async () => {
  const sizes = () =>
    sql`select (select count(*)::int from used_challenges) as used, pg_relation_size('used_challenges')::int as size`
  const before = await sizes()
  for (let i = 0; i < 50; i++) await signInOptions(app)
  expect(await sizes()).toEqual(before)
  const seen = new Set(
    await Promise.all(Array.from({ length: 20 }, async () => (await signInOptions(app)).options.challenge)),
  )
  expect(seen.size).toBe(20)
})

test('a person who is nobody here gets the same options', async () => {
  const { challengeToken, options } = await signInOptions(app)
  expect(options).toEqual({
    challenge: expect.stringMatching(/^[\w-]{43}$/),
    rpId: 'localhost',
    timeout: 300_000,
    userVerification: 'required',
  })
  expect(challengeToken).not.toContain(newEmail())
  const answer = await request('/v1/auth/passkey/options', { method: 'POST', json: { email: owner.email } })
  await expectProblem(answer, 'bad-request')
})

test('a session that a passkey opened refreshes as strong as it was', async () => {
  const { refreshToken } = await signInWith(app, owner.passkey)
  const refreshed = await bodyOf<SessionJson>(await request('/v1/auth/refresh', { json: { refreshToken } }))
  expect(claimsOf(refreshed.accessToken)).toMatchObject({ amr: ['hwk'], acr: 'aal2' })
})
