import { describe, expect, test } from 'bun:test'
import { goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({}, { hashing: 'full' })
const { request, sql } = app
const register = (body: Record<string, unknown>) =>
  request('/v1/auth/register', { json: { password: goodPassword, ...body } })

describe('registering', () => {
  test('answers 201 with the session and the person, to the letter', async () => {
    const email = newEmail()
    const answer = await register({
      email,
      firstName: 'Asha',
      lastName: null,
      phoneNumber: '+91 98450 12345',
      language: 'hi-in',
      timezone: 'asia/kolkata',
    })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toBe('/v1/me')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { user, ...session } = await bodyOf<SessionJson>(answer)
    expect(user).toEqual<unknown>({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/),
      email,
      emailVerified: false,
      firstName: 'Asha',
      lastName: null,
      phoneNumber: '+919845012345',
      language: 'hi-IN',
      timezone: 'Asia/Kolkata',
      role: 'user',
      privilegeLevel: 10,
      plan: { name: 'free', displayName: 'Free', tier: 1 },
      status: 'active',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      lastLoginAt: null,
      consentsDue: [],
    })
    expect(session).toEqual({
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      deviceToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
      refreshExpiresIn: 604_800,
    })
    expect((await request('/v1/me', { bearer: session.accessToken })).status).toBe(200)
  })

  test('keeps the password as argon2id of at least m=19456, t=2 and a salt of its own, the tokens as hashes', async () => {
    const [one, two] = [await registered(app), await registered(app)]
    const rows = await sql<
      { passwordHash: string }[]
    >`select password_hash from user_accounts where id in (${one.id}, ${two.id})`
    for (const { passwordHash } of rows) {
      const [, memory = 0, passes = 0] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$/.exec(passwordHash) ?? []
      expect(Number(memory)).toBeGreaterThanOrEqual(19_456)
      expect(Number(passes)).toBeGreaterThanOrEqual(2)
    }
    expect(new Set(rows.map(({ passwordHash }) => passwordHash)).size).toBe(2)
  })

  test('writes neither password nor token into any table or log line', async () => {
    const person = await registered(app)
    await request('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } })
    const tables = await sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'public'`
    expect(tables.length).toBeGreaterThan(12)
    const traces = [app.lines.join()]
    for (const { name } of tables) {
      const [row] = await sql<
        { text: string }[]
      >`select coalesce(string_agg(t::text, ''), '') as text from ${sql(name)} t`
      traces.push(row?.text ?? '')
    }
    for (const secret of [goodPassword, person.accessToken, person.refreshToken, person.deviceToken])
      expect(traces.some((trace) => trace.includes(secret))).toBeFalse()
  })
})

describe('one address is one account', () => {
  test('20 registrations of it at once, in as many spellings: one 201, the rest 409, one row, no 500', async () => {
    const name = `asha.${Bun.randomUUIDv7()}`
    const email = `${name}@people.test`
    const spellings = [
      email,
      email.toUpperCase(),
      ` ${email} `,
      email.replace('asha', 'Ａｓｈａ'),
      `${name}@People.TEST`,
    ]
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => register({ email: spellings[i % 5] })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)])
    for (const answer of answers) if (answer.status === 409) await expectProblem(answer, 'email-taken')
    const rows = await sql`select email from user_accounts where email like ${`${name}%`}`
    expect(rows).toEqual<unknown>([{ email }])
    expect((await request('/v1/auth/login', { json: { email: spellings[3], password: goodPassword } })).status).toBe(
      200,
    )
  })

  test('composed and decomposed letters, ligatures and the Kelvin sign are one spelling', async () => {
    const id = Bun.randomUUIDv7()
    for (const [first, second] of [
      ['é', 'e\u0301'],
      ['ﬁ', 'fi'],
      ['\u212A', 'k'],
      ['①', '1'],
    ]) {
      expect((await register({ email: `${first}.${id}@people.test` })).status).toBe(201)
      await expectProblem(await register({ email: `${second}.${id}@people.test` }), 'email-taken')
    }
  })
})

describe('all or nothing', () => {
  const count = async () => {
    const [row] =
      await sql`select (select count(*)::int from user_accounts) as accounts, (select count(*)::int from user_subscriptions) as subscriptions,
      (select count(*)::int from sessions) as sessions, (select count(*)::int from tokens) as tokens, (select count(*)::int from audit_logs) as audit,
      (select count(*)::int from audit_personal) as personal`
    return row
  }

  for (const table of ['user_subscriptions', 'sessions', 'tokens', 'audit_logs', 'audit_personal'])
    test(`a fault while ${table} is written leaves nothing behind, and the address free`, async () => {
      const email = newEmail()
      const before = await count()
      await sql.begin(async (tx) => {
        await tx`create function fail() returns trigger language plpgsql as 'begin raise exception $m$a fault$m$; end'`
        await tx`create trigger fail after insert on ${tx(table)} for each row execute function fail()`
      })
      const failed = await register({ email })
      await sql`drop function fail() cascade`
      const problem = await expectProblem(failed, 'internal-error')
      expect(JSON.stringify(problem)).not.toMatch(/fault|insert|trigger|postgres|\.ts/i)
      expect(await count()).toEqual(before)
      expect((await register({ email })).status).toBe(201)
    })

  test('with it come a free subscription, a session and one audit row, which tells of them', async () => {
    const { id, email } = await registered(app)
    const rows = await sql`select plan, status, current_period_end from user_subscriptions where account_id = ${id}`
    expect(rows).toEqual<unknown>([{ plan: 'free', status: 'active', currentPeriodEnd: null }])
    const [session] = await sql`select id from sessions where account_id = ${id}`
    const trail = await sql`select action, actor_id, details from audit_logs where entity_id = ${id}`
    expect(trail).toEqual<unknown>([{ action: 'account.create', actorId: id, details: { sessionId: session?.id } }])
    expect((await logIn(app, { email, password: goodPassword })).user.id).toBe(id)
  })
})

describe('nobody gives themselves rights', () => {
  const wishes = [
    { role: 'superadmin' },
    { privilegeLevel: 100 },
    { permissions: ['users.manage'] },
    { plan: 'enterprise' },
    { emailVerified: true },
    { email_verified: true },
    { status: 'active' },
    { id: Bun.randomUUIDv7() },
    { user: { role: 'superadmin' } },
    { Role: 'superadmin' },
  ]
  for (const wish of wishes)
    test(`by ${JSON.stringify(wish)} in a registration, or in the profile`, async () => {
      const email = newEmail()
      const [key] = Object.keys(wish)
      const problem = await expectProblem(await register({ email, ...wish }), 'validation-failed')
      expect(problem.errors).toMatchObject([{ path: key }])
      expect(await sql`select 1 from user_accounts where email = ${email}`).toHaveLength(0)
      const person = await registered(app)
      await expectProblem(
        await request('/v1/me', { method: 'PATCH', bearer: person.accessToken, json: wish }),
        'validation-failed',
      )
    })
})

test('a password that breaks the rules is 422 for `password`, and opens no account', async () => {
  const email = newEmail()
  for (const password of ['short', '', 'x'.repeat(257), 12, null]) {
    const problem = await expectProblem(await register({ email, password }), 'validation-failed')
    expect(problem.errors?.map(({ path }) => path)).toEqual(['password'])
  }
  expect(await sql`select 1 from user_accounts where email = ${email}`).toHaveLength(0)
})
