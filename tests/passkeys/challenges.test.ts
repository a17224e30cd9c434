import { describe, expect, test } from 'bun:test'
import { lockAccount } from '../../src/access/hierarchy.ts'
import { usePasskey, verifyPasskey } from '../../src/passkeys/assertion.ts'
import { type ChallengeBinding, createChallenges } from '../../src/passkeys/challenges.ts'
import { passkeyRequestOptions } from '../../src/passkeys/options.ts'
import { registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { creationOptions, givenPasskey, renewed, usePasskey as signIn, signInOptions } from '../support/passkeys.ts'
import { expectProblem } from '../support/problems.ts'
import { SoftPasskey } from '../support/soft-passkey.ts'

const app = await openTestApp()
const { request, sql, deps, clock } = app
const origin = { ip: '127.0.0.1', userAgent: null, requestId: 'test' }
const { accessToken: bearer, id: accountId } = await registered(app)
const { passkey } = await givenPasskey(app, { bearer })
const counts = new SoftPasskey({ counts: false })

const sessions = async () =>
  (await sql`select 1 from sessions where account_id = ${accountId} and ended_at is null`).length
const repeated = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: 50 }, work))

describe('of fifty concurrent uses of one challenge one succeeds', () => {
  test('signing in', async () => {
    const before = await sessions()
    const { challengeToken, options } = await signInOptions(app)
    const json = { challengeToken, response: passkey.get(options) }
    const answers = await repeated(() => request('/v1/auth/passkey', { json }))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await sessions()).toBe(before + 1)
    await expectProblem(await request('/v1/auth/passkey', { json }), 'invalid-passkey')
  })

  test('signing in with an authenticator that does not count, of which nothing but the challenge is new', async () => {
    const owner = await registered(app)
    await givenPasskey(app, { bearer: owner.accessToken }, counts)
    const { challengeToken, options } = await signInOptions(app)
    const json = { challengeToken, response: counts.get(options) }
    const answers = await repeated(() => request('/v1/auth/passkey', { json }))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('adding a passkey', async () => {
    const owner = await registered(app)
    await givenPasskey(app, { bearer: owner.accessToken })
    const { bearer } = await renewed(app, owner)
    const { challengeToken, options } = await creationOptions(app, { bearer })
    // Of each another credential: the challenge alone is the same.
    const answers = await repeated(() =>
      request('/v1/me/passkeys', {
        bearer,
        json: { challengeToken, response: new SoftPasskey().create(options), name: 'Phone' },
      }),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(await sql`select 1 from passkeys where account_id = ${owner.id}`).toHaveLength(2)
  })

  test('for another room, in its own transaction; one that is rolled back has used nothing', async () => {
    const binding: ChallengeBinding = { purpose: 'reauthenticate', accountId, boundTo: 'a session' }
    const { challengeToken, options } = await passkeyRequestOptions(deps, binding)
    const verified = await verifyPasskey(deps, origin, binding, { challengeToken, response: passkey.get(options) })
    const use = (fails = false) =>
      deps.sql.begin(async (tx) => {
        await lockAccount(tx, accountId)
        const isUsed = await usePasskey(tx, verified)
        if (fails) throw new Error('undone')
        return isUsed
      })
    await expect(use(true)).rejects.toThrow('undone')
    const uses = await repeated(() => use())
    expect(uses.filter(Boolean)).toHaveLength(1)
  })
})

test('of two responses under way with one count the second is refused, though both were right when they were verified', async () => {
  const binding: ChallengeBinding = { purpose: 'reauthenticate', accountId, boundTo: 'a session' }
  const copy = passkey.copy()
  const [first, second] = [passkey, copy].map(async (device) => {
    const { challengeToken, options } = await passkeyRequestOptions(deps, binding)
    return verifyPasskey(deps, origin, binding, { challengeToken, response: device.get(options) })
  })
  const use = async (verified: ReturnType<typeof verifyPasskey> | undefined) => {
    const right = await verified
    return deps.sql.begin(async (tx) => {
      await lockAccount(tx, accountId)
      return right && usePasskey(tx, right)
    })
  }
  // Verified both, before either is used.
  await Promise.all([first, second])
  expect([await use(first), await use(second)]).toEqual([true, false])
})

describe('a challenge is bound', () => {
  const bindings: ChallengeBinding[] = [
    { purpose: 'sign-in' },
    { purpose: 'mfa', accountId, boundTo: 'one' },
    { purpose: 'mfa', accountId, boundTo: 'another' },
    { purpose: 'mfa', accountId: Bun.randomUUIDv7(), boundTo: 'one' },
    { purpose: 'reauthenticate', accountId, boundTo: 'one' },
    { purpose: 'reauthenticate', accountId, boundTo: 'another' },
    { purpose: 'register', accountId, boundTo: 'one' },
  ]

  test('to its purpose, account, and session or mfaToken: under every other binding the response is refused', async () => {
    for (const issued of bindings)
      for (const given of bindings) {
        const { challenge, challengeToken } = deps.passkeys.challenges.issue(issued)
        const options = { challenge: challenge.toString('base64url'), rpId: 'localhost' }
        const outcome = await verifyPasskey(deps, origin, given, {
          challengeToken,
          response: passkey.get(options),
        }).then(
          ({ amr }) => amr.join(),
          ({ code }) => code,
        )
        const isRight = issued === given && !('accountId' in given && given.accountId !== accountId)
        expect([issued, given, outcome]).toEqual([issued, given, isRight ? 'hwk' : 'invalid-passkey'])
      }
  })

  test('somebody else’s passkey serves no account that is known, with or without its handle', async () => {
    const stranger = await registered(app)
    const other = await givenPasskey(app, { bearer: stranger.accessToken })
    const binding: ChallengeBinding = { purpose: 'mfa', accountId, boundTo: 'one' }
    for (const userHandle of [other.passkey.userHandle, passkey.userHandle, undefined]) {
      const { challengeToken, options } = await passkeyRequestOptions(deps, binding)
      const { response, ...rest } = other.passkey.get(options)
      const presented = { ...rest, response: { ...response, userHandle } }
      const judged = verifyPasskey(deps, origin, binding, { challengeToken, response: presented })
      await expect(judged).rejects.toMatchObject({ code: 'invalid-passkey' })
    }
    // Authenticators may leave the handle out where they were told which passkeys will do.
    const { challengeToken, options } = await passkeyRequestOptions(deps, binding)
    expect(options.allowCredentials?.map(({ id }) => id)).toContain(passkey.encodedId)
    expect(options.allowCredentials?.map(({ id }) => id)).not.toContain(other.passkey.encodedId)
    const { response, ...rest } = passkey.get(options)
    const presented = { ...rest, response: { ...response, userHandle: null } }
    expect(await verifyPasskey(deps, origin, binding, { challengeToken, response: presented })).toMatchObject({
      accountId,
    })
  })
})

describe('a challenge is good for five minutes', () => {
  test('by the time that this instance has from the database', async () => {
    const { challengeToken, options } = await signInOptions(app)
    const json = { challengeToken, response: passkey.get(options) }
    clock.advance(301)
    await expectProblem(await request('/v1/auth/passkey', { json }), 'invalid-passkey')
    clock.advance(-301)
    expect((await request('/v1/auth/passkey', { json })).status).toBe(200)
  })

  test('and by the database itself, whatever the instance believes', async () => {
    clock.advance(-3600)
    const late = await signIn(app, passkey)
    clock.advance(3600)
    await expectProblem(late, 'invalid-passkey')
  })

  test('in any instance: also one that has a newer key, and none that has another', () => {
    const key = (byte: number) => new Uint8Array(32).fill(byte)
    const now = () => 1_800_000_000_000
    const binding = bindingOf('one')
    const { challenge, challengeToken } = createChallenges([key(1)], now).issue(binding)
    const text = challenge.toString('base64url')
    const expected = { text, expiresAt: now() + 300_000 }
    expect(createChallenges([key(2), key(1)], now).read(challengeToken, binding)).toEqual(expected)
    expect(createChallenges([key(2)], now).read(challengeToken, binding)).toBeNull()
    const late = (ms: number) => createChallenges([key(1)], () => now() + ms).read(challengeToken, binding)
    expect([late(299_999), late(300_000)]).toEqual([expected, null])
  })

  test('no edit of its token makes another one', () => {
    const challenges = createChallenges([new Uint8Array(32)], () => 1_800_000_000_000)
    const { challengeToken } = challenges.issue(bindingOf('one'))
    for (let i = 0; i < challengeToken.length; i++)
      for (const character of ['A', 'B', 'w', '0', '9', '.', '-', ''])
        if (character !== challengeToken[i]) {
          const edited = challengeToken.slice(0, i) + character + challengeToken.slice(i + 1)
          expect(challenges.read(edited, bindingOf('one'))).toBeNull()
        }
  })
})

function bindingOf(boundTo: string): ChallengeBinding {
  return { purpose: 'mfa', accountId: '01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5d', boundTo }
}

test('used challenges are forgotten once they have run out, and not before', async () => {
  const used = async () =>
    (await sql<{ total: number }[]>`select count(*)::int as total from used_challenges`)[0]?.total
  const before = (await used()) ?? 0
  expect(before).toBePositive()
  await sql`select purge_expired()`
  expect(await used()).toBe(before)
  await sql`update used_challenges set expires_at = clock_timestamp()`
  await sql`select purge_expired()`
  expect(await used()).toBe(0)
})
