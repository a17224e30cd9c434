import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import type { CreationOptions } from '../../src/passkeys/schemas.ts'
import { verifyRegistration } from '../../src/passkeys/webauthn.ts'
import { registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { mailsTo } from '../support/mails.ts'
import {
  addPasskey,
  creationOptions,
  givenPasskey,
  type PasskeyJson,
  renewed,
  signInOptions,
  storedPasskey,
} from '../support/passkeys.ts'
import { expectProblem } from '../support/problems.ts'
import { SoftPasskey } from '../support/soft-passkey.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql } = app

/** A person as they come from registration. */
async function givenPerson() {
  const { accessToken: bearer, ...person } = await registered(app)
  return { ...person, bearer }
}
const add = (bearer: string, json: object, headers: Record<string, string> = {}) =>
  request('/v1/me/passkeys', { bearer, json, headers })
const listed = async (bearer: string) =>
  (await bodyOf<{ items: PasskeyJson[] }>(await request('/v1/me/passkeys', { bearer }))).items
const factorsOf = async (id: string) =>
  (await sql<{ secondFactors: string[] }[]>`select second_factors from user_accounts where id = ${id}`)[0]
    ?.secondFactors

describe('adding a passkey', () => {
  test('asks for one that verifies its user and needs no address, on an authenticator that has none of this account', async () => {
    const person = await givenPerson()
    const { passkey } = await givenPasskey(app, person)
    const session = await renewed(app, person)
    const { options } = await creationOptions(app, session)
    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'MANAS360' },
      user: { name: person.email, displayName: person.email },
      attestation: 'none',
      timeout: 300_000,
      excludeCredentials: [{ id: passkey.encodedId, type: 'public-key', transports: ['internal'] }],
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    })
    expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-48, -8, -7, -257])
    expect(options.user.id).toBe(Buffer.from(person.id.replaceAll('-', ''), 'hex').toString('base64url'))
  })

  test('is audited and told by mail, makes the session aal2, and has log-in ask for it', async () => {
    const person = await givenPerson()
    const { options, challengeToken } = await creationOptions(app, person)
    const passkey = new SoftPasskey({ algorithm: 'ML-DSA-44', backup: 'done' })
    const answer = await add(person.bearer, {
      challengeToken,
      response: passkey.create(options),
      name: ' Asha’s phone ',
    })
    expect(answer.status).toBe(201)
    const made = await bodyOf<PasskeyJson>(answer)
    expect(answer.headers.get('location')).toBe(`/v1/me/passkeys/${made.id}`)
    expect(made).toEqual({
      id: expect.any(String),
      name: 'Asha’s phone',
      createdAt: expect.any(String),
      lastUsedAt: null,
      backedUp: true,
    })
    expect(await listed(person.bearer)).toEqual([made])
    expect(await factorsOf(person.id)).toEqual(['passkey'])
    const { bearer } = await renewed(app, person)
    expect(claimsOf(bearer)).toMatchObject({ amr: ['pwd', 'swk'], acr: 'aal2' })
    const [row] = await sql`
      select details->>'passkeyId' as id, (select length(public_key) from passkeys where id = ${made.id})::int as key_bytes
        from audit_logs where action = 'passkey.create' and entity_id = ${person.id}`
    expect(row?.id).toBe(made.id)
    // An ML-DSA-44 key has 1,312 bytes.
    expect(row?.keyBytes).toBeGreaterThan(1_312)
    const mail = (await mailsTo(app, person.email)).find(({ template }) => template === 'sign-in-method-added')
    expect(mail?.contents.events).toMatchObject([{ method: 'passkey' }])
  })

  test('a second one wants the first to be shown: a token from before is told so', async () => {
    const person = await givenPerson()
    await givenPasskey(app, person)
    await expectProblem(
      await request('/v1/me/passkeys/options', { method: 'POST', bearer: person.bearer }),
      'mfa-required',
    )
    const session = await renewed(app, person)
    const { challengeToken, options } = await creationOptions(app, session)
    const json = { challengeToken, response: new SoftPasskey().create(options), name: 'Second' }
    await expectProblem(await add(person.bearer, json), 'mfa-required')
    expect((await add(session.bearer, json)).status).toBe(201)
    expect(await factorsOf(person.id)).toEqual(['passkey'])
  })

  test('wants a sign-in of the last ten minutes', async () => {
    const { bearer } = await givenPerson()
    const options = await creationOptions(app, { bearer })
    app.clock.advance(601)
    try {
      await expectProblem(
        await request('/v1/me/passkeys/options', { method: 'POST', bearer }),
        'reauthentication-required',
      )
      const json = {
        challengeToken: options.challengeToken,
        response: new SoftPasskey().create(options.options),
        name: 'x',
      }
      await expectProblem(await add(bearer, json), 'reauthentication-required')
    } finally {
      app.clock.advance(-601)
    }
  })

  test('is good once, under any Idempotency-Key the same one', async () => {
    const { bearer } = await givenPerson()
    const { challengeToken, options } = await creationOptions(app, { bearer })
    const json = { challengeToken, response: new SoftPasskey().create(options), name: 'Phone' }
    const headers = { 'Idempotency-Key': Bun.randomUUIDv7() }
    const first = await add(bearer, json, headers)
    const again = await add(bearer, json, headers)
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 201, 'true'])
    expect(await again.json()).toEqual(await first.json())
    expect(await listed(bearer)).toHaveLength(1)
  })

  test('an authenticator that is registered already cannot be so again, by whomever', async () => {
    const person = await givenPerson()
    const { passkey } = await givenPasskey(app, person)
    const session = await renewed(app, person)
    const stranger = await givenPerson()
    for (const { bearer } of [session, stranger]) {
      const answer = await addPasskey(app, { bearer }, { passkey })
      expect(await expectProblem(answer, 'already-exists')).toMatchObject({ field: 'response' })
    }
    expect(await factorsOf(stranger.id)).toEqual([])
  })

  test('twenty are the most, at once too', async () => {
    const person = await givenPerson()
    await givenPasskey(app, person)
    for (let i = 0; i < 18; i++) await storedPasskey(app, person.id)
    const { bearer } = await renewed(app, person)
    const options = [await creationOptions(app, { bearer }), await creationOptions(app, { bearer })]
    const answers = await Promise.all(
      options.map(({ challengeToken, options }) =>
        add(bearer, { challengeToken, response: new SoftPasskey().create(options), name: 'x' }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    for (const answer of answers) if (answer.status === 409) await expectProblem(answer, 'too-many-passkeys')
    expect(await sql`select 1 from passkeys where account_id = ${person.id}`).toHaveLength(20)
  })
})

describe('a new passkey is refused', async () => {
  type Wrong = (right: CreationOptions) => Promise<object> | object
  const person = await givenPerson()
  const of = (traits: ConstructorParameters<typeof SoftPasskey>[0], { options }: CreationOptions) => ({
    response: new SoftPasskey(traits).create(options),
  })
  const attested = (format: string, statement: Map<string, Uint8Array[] | number>, { options }: CreationOptions) => ({
    response: new SoftPasskey({ attestation: [format, statement] }).create(options),
  })
  const wrongs: Record<string, Wrong> = {
    'for another challenge': async () => of({}, await creationOptions(app, person)),
    'with a token that is none': () => ({ challengeToken: 'x' }),
    'for a challenge of signing in': async ({ options }) => {
      const { challengeToken, options: other } = await signInOptions(app)
      return { challengeToken, response: new SoftPasskey().create({ ...options, challenge: other.challenge }) }
    },
    'for a challenge of somebody else': async () => {
      const { challengeToken, options } = await creationOptions(app, await givenPerson())
      return { challengeToken, response: new SoftPasskey().create(options) }
    },
    'for a challenge of another session': async () => {
      const login = await request('/v1/auth/login', { json: { email: person.email, password: person.password } })
      const other = await bodyOf<SessionJson>(login)
      const { challengeToken, options } = await creationOptions(app, { bearer: other.accessToken })
      return { challengeToken, response: new SoftPasskey().create(options) }
    },
    'from another origin': (right) => of({ origin: 'http://localhost:3001' }, right),
    'for another domain': (right) => of({ rpId: 'example.com' }, right),
    'without a user who was verified': (right) => of({ verifies: false }, right),
    'from within a frame of another origin': (right) => of({ framed: true }, right),
    'that says it was copied and cannot be': (right) => of({ backup: 'impossible' }, right),
    'under another id than its own': ({ options }) => {
      const other = new SoftPasskey()
      return { response: { ...new SoftPasskey().create(options), id: other.encodedId, rawId: other.encodedId } }
    },
    'with a statement whose certificates would have to be looked up': (right) =>
      attested(
        'packed',
        new Map<string, Uint8Array[] | number>([
          ['alg', -7],
          ['x5c', [new Uint8Array(randomBytes(64))]],
        ]),
        right,
      ),
    'with a statement of a maker': (right) =>
      attested('apple', new Map([['x5c', [new Uint8Array(randomBytes(64))]]]), right),
    'with a statement that is none and holds something': (right) => attested('none', new Map([['alg', -7]]), right),
    'made for a sign-in': ({ options }) => {
      const passkey = new SoftPasskey()
      const made = passkey.create(options)
      const { clientDataJSON } = passkey.get({ ...options, rpId: 'localhost' }).response
      return { response: { ...made, response: { ...made.response, clientDataJSON } } }
    },
    'of bytes that mean nothing': ({ options }) => {
      const made = new SoftPasskey().create(options)
      return { response: { ...made, response: { ...made.response, attestationObject: 'AAAA' } } }
    },
    'of bytes that nest without end': ({ options }) => {
      const made = new SoftPasskey().create(options)
      const attestationObject = Buffer.alloc(30_000, 0x81).toString('base64url')
      return { response: { ...made, response: { ...made.response, attestationObject } } }
    },
  }

  test.each(Object.entries(wrongs))('%s', async (_, wrong) => {
    const right = await creationOptions(app, person)
    const json = { challengeToken: right.challengeToken, ...of({}, right), name: 'Phone' }
    await expectProblem(await add(person.bearer, { ...json, ...(await wrong(right)) }), 'invalid-passkey')
    expect(await factorsOf(person.id)).toEqual([])
  })

  test('for its statement alone, before a certificate of it is read', async () => {
    for (const [format, statement] of [
      [
        'packed',
        new Map<string, number | Uint8Array[]>([
          ['alg', -7],
          ['x5c', []],
        ]),
      ],
      ['android-key', new Map<string, number>([['alg', -7]])],
    ] as const) {
      const { challenge, challengeToken } = app.deps.passkeys.challenges.issue({ purpose: 'sign-in' })
      const read = app.deps.passkeys.challenges.read(challengeToken, { purpose: 'sign-in' })
      const options = { challenge: challenge.toString('base64url'), rp: { id: 'localhost' }, user: { id: 'AAAA' } }
      const response = new SoftPasskey({ attestation: [format, new Map(statement)] }).create(options)
      const verified = read && (await verifyRegistration(app.config, read, response))
      expect(verified).toEqual({ refused: `the attestation is ${format}` })
    }
  })

  test('but not where its key signed for itself, as some do', async () => {
    const own = await givenPerson()
    const right = await creationOptions(app, own)
    const json = { challengeToken: right.challengeToken, ...of({ attestation: 'self' }, right), name: 'Phone' }
    expect((await add(own.bearer, json)).status).toBe(201)
  })

  test('by a session that has ended, whatever its token says', async () => {
    const ended = await givenPerson()
    const { challengeToken, options } = await creationOptions(app, ended)
    await sql`update sessions set ended_at = now() where account_id = ${ended.id}`
    const json = { challengeToken, response: new SoftPasskey().create(options), name: 'Phone' }
    await expectProblem(await add(ended.bearer, json), 'session-revoked')
    expect(await factorsOf(ended.id)).toEqual([])
  })
})

describe('a passkey of one’s own', () => {
  test('is renamed; an empty change changes nothing, and nobody else’s is found', async () => {
    const person = await givenPerson()
    const { id } = await givenPasskey(app, person)
    const path = `/v1/me/passkeys/${id}`
    const patch = (json: object, bearer = person.bearer) => request(path, { method: 'PATCH', bearer, json })
    expect(await bodyOf(await patch({ name: 'Old phone' }))).toMatchObject({ id, name: 'Old phone' })
    expect(await bodyOf(await patch({}))).toMatchObject({ id, name: 'Old phone' })
    expect(
      await sql`select 1 from audit_logs where action = 'passkey.rename' and entity_id = ${person.id}`,
    ).toHaveLength(1)
    await expectProblem(await patch({ name: '' }), 'validation-failed')
    await expectProblem(await patch({ name: 'Mine' }, (await givenPerson()).bearer), 'not-found')
  })

  test('is removed: audited, told, and with the last one log-in asks for none', async () => {
    const person = await givenPerson()
    const first = await givenPasskey(app, person)
    const session = await renewed(app, person)
    const second = await givenPasskey(app, session)
    const remove = (id: string, bearer = session.bearer) =>
      request(`/v1/me/passkeys/${id}`, { method: 'DELETE', bearer })
    await expectProblem(await remove(first.id, person.bearer), 'mfa-required')
    await expectProblem(await remove(first.id, (await givenPerson()).bearer), 'not-found')
    expect((await remove(first.id)).status).toBe(204)
    expect(await factorsOf(person.id)).toEqual(['passkey'])
    expect((await remove(second.id)).status).toBe(204)
    expect(await factorsOf(person.id)).toEqual([])
    await expectProblem(await remove(second.id), 'not-found')
    expect(
      await sql`select 1 from audit_logs where action = 'passkey.delete' and entity_id = ${person.id}`,
    ).toHaveLength(2)
    const mail = (await mailsTo(app, person.email)).find(({ template }) => template === 'sign-in-method-removed')
    expect(mail?.contents.events).toHaveLength(2)
    await expectProblem(
      await request('/v1/auth/passkey', {
        json: await signInOptions(app).then(({ challengeToken, options }) => ({
          challengeToken,
          response: second.passkey.get(options),
        })),
      }),
      'invalid-passkey',
    )
  })

  test('stays where it is the last way to sign in, of two that are removed at once the second', async () => {
    const person = await givenPerson()
    const first = await givenPasskey(app, person)
    const session = await renewed(app, person)
    const second = await givenPasskey(app, session)
    await sql`update user_accounts set password_hash = null where id = ${person.id}`
    const remove = (id: string) => request(`/v1/me/passkeys/${id}`, { method: 'DELETE', bearer: session.bearer })
    const answers = await Promise.all([remove(first.id), remove(second.id)])
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409])
    for (const answer of answers) if (answer.status === 409) await expectProblem(answer, 'last-sign-in-method')
    expect(await factorsOf(person.id)).toEqual(['passkey'])
    expect(await listed(session.bearer)).toHaveLength(1)
  })

  test('is listed by pages, newest first', async () => {
    const { bearer, id } = await givenPerson()
    const ids = [await storedPasskey(app, id), await storedPasskey(app, id), await storedPasskey(app, id)].reverse()
    const page = await bodyOf<{ items: PasskeyJson[]; nextCursor: string }>(
      await request('/v1/me/passkeys?limit=2', { bearer }),
    )
    const rest = await bodyOf<{ items: PasskeyJson[]; nextCursor: null }>(
      await request(`/v1/me/passkeys?cursor=${page.nextCursor}`, { bearer }),
    )
    expect([...page.items, ...rest.items].map((item) => item.id)).toEqual(ids)
    expect(rest.nextCursor).toBeNull()
  })
})
