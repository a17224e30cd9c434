import { describe, expect, test } from 'bun:test'
import type { FirstFactor } from '../../src/auth/first-factor.ts'
import { toImportedHash } from '../../src/auth/imported-hashes.ts'
import { release } from '../../src/auth/lockout.ts'
import { updateLastLogin } from '../../src/auth/queries.ts'
import { type Given, givenAccount, goodPassword, logIn } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql, deps } = app

/** What log-in hands to the room of second factors, which answers with a token of its own. */
const asked: FirstFactor[] = []
const answer = { mfaToken: 'stands for the password', methods: ['totp' as const], expiresIn: 300 }
deps.secondFactor = async (_, first) => {
  asked.push(first)
  if (first.reservation) await release(deps, first.reservation)
  return answer
}

async function givenFactor(options: Parameters<typeof givenAccount>[1] = {}): Promise<Given> {
  const person = await givenAccount(app, options)
  await sql`update user_accounts set second_factors = '{totp}' where id = ${person.id}`
  return person
}
const login = ({ email }: Given, password = goodPassword, headers: Record<string, string> = {}) =>
  request('/v1/auth/login', { json: { email, password }, headers })
const sessionsOf = ({ id }: Given) => sql`select 1 from sessions where account_id = ${id}`

describe('a right password, where the account has a second factor', () => {
  test('opens no session: 202 says what is asked for, and nothing of the account changes', async () => {
    const person = await givenFactor()
    const before = await sql`select * from user_accounts where id = ${person.id}`
    const response = await login(person)
    expect(response.status).toBe(202)
    expect(await response.json()).toEqual({ status: 'mfa-required', ...answer })
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await sessionsOf(person)).toHaveLength(0)
    expect(await sql`select 1 from login_attempts where account_id = ${person.id}`).toHaveLength(0)
    expect([...(await sql`select * from user_accounts where id = ${person.id}`)]).toEqual([...before])
    expect(asked.at(-1)).toMatchObject({
      account: { id: person.id, passwordVersion: 1, secondFactors: ['totp'] },
      amr: ['pwd'],
      deviceId: null,
      reservation: { counter: 'email', key: deps.counterKey('email', person.email) },
    })
  })

  test('is no failure, and clears none: four wrong ones and one more lock the address', async () => {
    const person = await givenFactor()
    for (let i = 0; i < 4; i++) await expectProblem(await login(person, 'wrong'), 'invalid-credentials')
    // More right ones than may be undecided at once: each gives its place back.
    for (let i = 0; i < 6; i++) expect((await login(person)).status).toBe(202)
    await expectProblem(await login(person, 'wrong'), 'invalid-credentials')
    await expectProblem(await login(person), 'account-locked')
  })

  test('a wrong one is answered as everybody’s, and a locked account too', async () => {
    const count = asked.length
    await expectProblem(await login(await givenFactor(), 'wrong'), 'invalid-credentials')
    await expectProblem(await login(await givenFactor({ status: 'locked' })), 'invalid-credentials')
    expect(asked).toHaveLength(count)
  })

  test('is hashed anew where another system hashed it, for the rest of the sign-in does not see it', async () => {
    const person = await givenFactor()
    const hash = toImportedHash(await Bun.password.hash(goodPassword, { algorithm: 'bcrypt', cost: 4 }))
    await sql`update user_accounts set password_hash = ${hash} where id = ${person.id}`
    expect((await login(person)).status).toBe(202)
    const [row] = await sql<{ passwordHash: string }[]>`select password_hash from user_accounts where id = ${person.id}`
    expect(row?.passwordHash).toStartWith('$argon2id$')
    expect((await login(person)).status).toBe(202)
  })
})

test('a factor that is set up while the password is verified is asked for: no session escapes it', async () => {
  const person = await givenAccount(app)
  // The log-in has read its row, and found none; argon2 runs while somebody sets it up.
  const { verify } = deps.passwords
  deps.passwords.verify = async (...given) => {
    deps.passwords.verify = verify
    const right = await verify(...given)
    await sql`update user_accounts set second_factors = '{passkey}' where id = ${person.id}`
    return right
  }
  const response = await login(person)
  expect(response.status).toBe(202)
  expect(await sessionsOf(person)).toHaveLength(0)
  expect(asked.at(-1)?.account.secondFactors).toEqual(['passkey'])
})

test('the guarded update of a log-in misses factors and a password that it did not read, and a lock', async () => {
  const person = await givenFactor()
  const [stored] = await sql<Parameters<typeof updateLastLogin>[1][]>`
    select id, password_hash, password_version, status, true as email_verified, second_factors from user_accounts where id = ${person.id}`
  if (!stored) throw new Error('given')
  expect(await updateLastLogin(sql, { ...stored, secondFactors: [] }, null)).toBe(false)
  expect(await updateLastLogin(sql, { ...stored, passwordVersion: stored.passwordVersion + 1 }, null)).toBe(false)
  await sql`update user_accounts set status = 'locked' where id = ${person.id}`
  expect(await updateLastLogin(sql, stored, null)).toBe(false)
  await sql`update user_accounts set status = 'active' where id = ${person.id}`
  expect(await updateLastLogin(sql, stored, null)).toBe(true)
})

test('an address that waits to be verified comes first', async () => {
  const verifying = await openTestApp({ REQUIRE_EMAIL_VERIFICATION: 'true' })
  verifying.deps.secondFactor = deps.secondFactor
  const person = await givenAccount(verifying)
  await verifying.sql`update user_accounts set second_factors = '{totp}' where id = ${person.id}`
  const credentials = { json: { email: person.email, password: goodPassword } }
  await expectProblem(await verifying.request('/v1/auth/login', credentials), 'email-not-verified')
  await verifying.sql`update user_accounts set email_verified_at = now() where id = ${person.id}`
  expect((await verifying.request('/v1/auth/login', credentials)).status).toBe(202)
})

test('without a room that judges factors nobody enters by the password alone', async () => {
  const person = await givenFactor()
  const { secondFactor } = deps
  deps.secondFactor = null
  try {
    await expectProblem(await login(person), 'service-unavailable')
  } finally {
    deps.secondFactor = secondFactor
  }
  expect(await sessionsOf(person)).toHaveLength(0)
  await logIn(app, await givenAccount(app))
})
