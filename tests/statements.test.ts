import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import postgres from 'postgres'
import { toImportedHash } from '../src/auth/imported-hashes.ts'
import { migrate } from '../src/db/migrate.ts'
import { givenAccount, goodPassword, logIn, newEmail, registered } from './support/accounts.ts'
import { bodyOf, openTestApp } from './support/app.ts'
import { tokenTo } from './support/mails.ts'
import { givenPasskey, signInOptions } from './support/passkeys.ts'
import { openOwnPostgres } from './support/postgres.ts'
import { secondFactorSteps } from './support/second-factors.ts'

// A server of its own: only one that loads pg_stat_statements at its start counts every call.
const server = await openOwnPostgres({ shared_preload_libraries: 'pg_stat_statements' })
const url = new URL(server.url)
url.pathname = '/postgres'
const outside = postgres(url.href, { max: 1 })
afterAll(() => outside.end())
await outside`create extension pg_stat_statements`
await outside`create database counted`
url.pathname = '/counted'
await migrate({ url: url.href })
const app = await openTestApp({ DATABASE_URL: url.href, CONSENT_DOCUMENTS: 'letter@1' })
const verifying = await openTestApp({
  DATABASE_URL: url.href,
  REQUIRE_EMAIL_VERIFICATION: 'true',
  CONSENT_DOCUMENTS: 'terms@1!,letter@1',
})
// After the hooks that close the apps.
afterAll(() => server.stop())
const { request } = app

type Statement = { id: string; query: string }

/**
 * The statements that PostgreSQL ran for `work`, each as often as it was called. Not counted: BEGIN and COMMIT, what comes
 * by the clock (the feed's poll, and counted use, which is written every 5 s), and the types of arrays, which a new connection reads.
 */
async function statementsOf(work: () => Promise<Response>, status: number): Promise<Statement[]> {
  await outside`select pg_stat_statements_reset()`
  expect((await work()).status).toBe(status)
  const rows = await outside<(Statement & { calls: number })[]>`
    select queryid::text as id, query, calls::int from pg_stat_statements s join pg_database d on d.oid = s.dbid
     where d.datname = 'counted' and toplevel and query !~* '^\s*(begin|commit|rollback|discard)'
       and query !~ 'pg_current_snapshot|usage_daily|feature_denials|typarray'`
  return rows.flatMap(({ id, query, calls }) => Array<Statement>(calls).fill({ id, query }))
}

const login = (email: string, password: string, deviceToken?: string) =>
  request('/v1/auth/login', {
    json: { email, password },
    ...(deviceToken && { headers: { 'X-Device-Token': deviceToken } }),
  })
const person = await registered(app)
// The first statement of a connection makes the driver read the types of arrays.
await login(person.email, goodPassword)
await login(person.email, 'not this one')

test('a log-in costs at most three statements, lockout and audit included', async () => {
  const { email, deviceToken } = person
  expect(await statementsOf(() => login(email, goodPassword, deviceToken), 200)).toHaveLength(3)
})

test('one from a new device, of which the person is told, costs no more', async () => {
  expect(await statementsOf(() => login(person.email, goodPassword), 200)).toHaveLength(3)
})

test('one that replaces a hash of another system costs no more', async () => {
  const { email, id } = await registered(app)
  const hash = toImportedHash(await Bun.password.hash(goodPassword, { algorithm: 'bcrypt', cost: 4 }))
  await app.sql`update user_accounts set password_hash = ${hash} where id = ${id}`
  expect(await statementsOf(() => login(email, goodPassword), 200)).toHaveLength(3)
  const [row] = await app.sql<{ passwordHash: string }[]>`select password_hash from user_accounts where id = ${id}`
  expect(row?.passwordHash).toStartWith('$argon2id$')
})

describe('with a second factor', () => {
  const { codeOf, enrolled, firstStep, halfAnHourLater, secondStep, wrongCode } = secondFactorSteps(app)

  test('a log-in and its second step cost at most five together, from a new device too', async () => {
    const own = await enrolled()
    const { email, session } = own
    for (const deviceToken of [session.deviceToken, undefined]) {
      const first = await statementsOf(() => login(email, goodPassword, deviceToken), 202)
      const mfaToken = await firstStep(own, deviceToken)
      const second = await statementsOf(() => secondStep(mfaToken, codeOf(own)), 200)
      expect([first.length, second.length]).toEqual([2, 3])
      await halfAnHourLater(own)
    }
    const [recoveryCode = ''] = own.recoveryCodes
    const mfaToken = await firstStep(own)
    expect(await statementsOf(() => secondStep(mfaToken, recoveryCode), 200)).toHaveLength(3)
  })

  test('by a passkey, too', async () => {
    const owner = await registered(app)
    const { passkey } = await givenPasskey(app, { bearer: owner.accessToken })
    const first = await statementsOf(() => login(owner.email, goodPassword), 202)
    const { mfaToken } = await bodyOf<{ mfaToken: string }>(await login(owner.email, goodPassword))
    const asked = await bodyOf<{ challengeToken: string; options: Parameters<typeof passkey.get>[0] }>(
      await request('/v1/auth/mfa/options', { json: { mfaToken } }),
    )
    const json = { mfaToken, passkey: { challengeToken: asked.challengeToken, response: passkey.get(asked.options) } }
    const second = await statementsOf(() => request('/v1/auth/mfa', { json }), 200)
    expect([first.length, second.length]).toEqual([2, 3])
  })

  test('a wrong code costs two, and a token that is void one', async () => {
    const own = await enrolled()
    const mfaToken = await firstStep(own)
    expect(await statementsOf(() => secondStep(mfaToken, wrongCode(own)), 401)).toHaveLength(2)
    expect(await statementsOf(() => secondStep('void', wrongCode(own)), 401)).toHaveLength(1)
  })
})

test('a passkey costs four, from a new device too; its options cost none', async () => {
  const owner = await registered(app)
  const { passkey } = await givenPasskey(app, { bearer: owner.accessToken })
  const signIn = async (headers: Record<string, string>) => {
    const { challengeToken, options } = await signInOptions(app)
    const json = { challengeToken, response: passkey.get(options) }
    return statementsOf(() => request('/v1/auth/passkey', { json, headers }), 200)
  }
  expect(await signIn({ 'X-Device-Token': owner.deviceToken })).toHaveLength(4)
  expect(await signIn({})).toHaveLength(4)
  expect(await statementsOf(() => request('/v1/auth/passkey/options', { method: 'POST' }), 200)).toEqual([])
})

test('a failed log-in costs at most two, known address or not', async () => {
  expect(await statementsOf(() => login(person.email, 'not this one'), 401)).toHaveLength(2)
  expect(await statementsOf(() => login(newEmail(), 'not this one'), 401)).toHaveLength(2)
})

test('a refresh is one statement', async () => {
  const { refreshToken } = person
  expect(await statementsOf(() => request('/v1/auth/refresh', { json: { refreshToken } }), 200)).toHaveLength(1)
})

test('a registration costs at most three, with the mail that verifies the address', async () => {
  const consents = [{ document: 'letter', version: '1' }]
  const json = { email: newEmail(), password: goodPassword, consents }
  expect(await statementsOf(() => request('/v1/auth/register', { json }), 201)).toHaveLength(3)
})

test('reading oneself is one statement, and so is agreeing to a document', async () => {
  const { accessToken: bearer } = person
  expect(await statementsOf(() => request('/v1/me', { bearer }), 200)).toHaveLength(1)
  const json = { document: 'letter', version: '1', granted: true }
  expect(await statementsOf(() => request('/v1/me/consents', { bearer, json }), 201)).toHaveLength(1)
})

test('a feature-gated request costs none', async () => {
  const bearer = person.accessToken
  expect(await statementsOf(() => request('/v1/entitlements/api_access', { bearer }), 200)).toEqual([])
})

describe('where addresses must be verified, a stranger sees the same of an address that is taken and of one that is not', () => {
  let bearer: string
  const consents = [
    { document: 'terms', version: '1' },
    { document: 'letter', version: '1' },
  ]
  /** A link was asked for by nobody yet. */
  beforeEach(async () => {
    const account = await givenAccount(verifying)
    await verifying.sql`update user_accounts set email_verified_at = now() where id = ${account.id}`
    bearer = (await logIn(verifying, account)).accessToken
  })
  const ask = (path: string, json: object, token?: string) => verifying.request(path, { json, bearer: token })
  const routes: Record<string, (email: string) => Promise<Response>> = {
    'POST /v1/auth/password/forgot': (email) => ask('/v1/auth/password/forgot', { email }),
    'POST /v1/auth/email/resend': (email) => ask('/v1/auth/email/resend', { email }),
    'POST /v1/auth/register': (email) => ask('/v1/auth/register', { email, password: goodPassword, consents }),
    'POST /v1/me/email': (newEmail) => ask('/v1/me/email', { newEmail, password: goodPassword }, bearer),
  }

  test.each(Object.entries(routes))(
    '%s: status, headers and body, statements and rows that are written',
    async (_, send) => {
      const [taken, free] = [(await givenAccount(verifying)).email, newEmail()]
      // Statements are prepared, and the plans made, before they are compared.
      await send(newEmail())
      const [ofTaken, ofFree] = [await seen(() => send(taken)), await seen(() => send(free))]
      expect(ofFree).toEqual(ofTaken)
    },
  )

  async function seen(work: () => Promise<Response>): Promise<unknown> {
    let shown: unknown
    const rowsBefore = await countRows()
    const statements = await statementsOf(async () => {
      const answer = await work()
      const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id')
      shown = [Object.fromEntries(headers), await answer.clone().text()]
      return answer
    }, 202)
    return { shown, statements: statements.map(({ id }) => id).sort(), rows: (await countRows()) - rowsBefore }
  }

  /** Rows of every table that these routes write to. */
  async function countRows(): Promise<number> {
    const tables = [
      'user_accounts',
      'user_subscriptions',
      'audit_logs',
      'audit_personal',
      'audit_subjects',
      'audit_queue',
      'consents',
    ]
    const counts = [...tables, 'account_links', 'mail_outbox', 'discarded_requests'].map(async (table) => {
      const [row] = await verifying.sql<{ total: number }[]>`select count(*)::int as total from ${verifying.sql(table)}`
      return row?.total ?? 0
    })
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }
})

describe('a team', () => {
  test('costs one statement to read, two with its members, and joining or leaving it twelve', async () => {
    const owner = await logIn(app, await givenAccount(app, { plan: 'business' }))
    const { accessToken, id, email } = await registered(app)
    await app.sql`update user_accounts set email_verified_at = now() where id = ${id}`
    const [mine, theirs] = [owner.accessToken, accessToken].map((bearer) => ({ bearer }))
    const countOf = async (path: string, more: object, status: number) =>
      (await statementsOf(() => request(`/v1/team${path}`, { ...mine, ...more }), status)).length
    expect(await countOf('', { method: 'PATCH', json: { name: 'Practice' } }, 200)).toBe(7)
    expect(await countOf('/invitations', { json: { email } }, 202)).toBe(5)
    expect([
      await countOf('', {}, 200),
      await countOf('/members', {}, 200),
      await countOf('/invitations', {}, 200),
    ]).toEqual([1, 2, 2])
    const json = { token: await tokenTo(app, email, 'team-invitation') }
    expect(await countOf('/accept', { ...theirs, json }, 204)).toBe(12)
    expect(await countOf('/accept', { ...theirs, json }, 400)).toBe(1)
    expect(await statementsOf(() => request('/v1/entitlements/premium_dashboard', theirs ?? {}), 200)).toEqual([])
    expect(await countOf(`/members/${id}`, { method: 'DELETE' }, 204)).toBe(12)
  })
})
