import { describe, expect, test } from 'bun:test'
import { verifyAudit } from '../../src/audit/verify.ts'
import { createSummary } from '../../src/import/summary.ts'
import { givenAccount, goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { bcrypt, importLines } from './imports.ts'

const app = await openTestApp({}, { hashing: 'full' })
const { request, sql, deps } = app
const hash = await bcrypt(goodPassword)

/** All that an import may write. */
async function snapshot(): Promise<unknown> {
  const [row] = await sql`
    select (select json_agg(a order by id) from user_accounts a) as accounts, (select json_agg(s order by id) from user_subscriptions s) as subscriptions,
           (select json_agg(t order by account_id, plan) from trials t) as trials, (select count(*)::int from audit_logs) as audit,
           (select count(*)::int from audit_queue) as unsealed, (select count(*)::int from audit_personal) as sides`
  return row
}

/** How many batches an import of these lines writes at the same time, at the most. */
async function mostAtOnce(lines: unknown[]): Promise<number> {
  let [running, most] = [0, 0]
  const begin: typeof sql.begin = async (work) => {
    most = Math.max(most, ++running)
    try {
      return await sql.begin(work)
    } finally {
      running--
    }
  }
  const counted = new Proxy(sql, { get: (target, key) => (key === 'begin' ? begin : Reflect.get(target, key)) })
  await importLines({ ...app, deps: { ...deps, sql: counted } }, lines, { isDryRun: true })
  return most
}

describe('an imported account', () => {
  test('is what its line says, and its owner logs in with the password of before', async () => {
    const email = newEmail()
    const { summary, refused } = await importLines(app, [
      {
        email: ` ${email.toUpperCase()} `,
        passwordHash: hash,
        emailVerified: true,
        firstName: ' Asha ',
        lastName: 'आशा',
        phoneNumber: '+91 98765 43210',
        language: 'HI-in',
        timezone: 'asia/kolkata',
        createdAt: '2021-03-04T10:00:00+05:30',
      },
    ])
    expect([summary.imported, refused]).toEqual([1, []])
    const { user } = await logIn(app, { email, password: goodPassword })
    expect(user).toMatchObject({
      email,
      emailVerified: true,
      firstName: 'Asha',
      lastName: 'आशा',
      phoneNumber: '+919876543210',
      language: 'hi-IN',
      timezone: 'Asia/Kolkata',
      role: 'user',
      plan: { name: 'free' },
      status: 'active',
      createdAt: '2021-03-04T04:30:00.000Z' as never,
    })
  })

  test('needs an address alone, and takes null for what is not known', async () => {
    const [bare, nulls] = [newEmail(), newEmail()]
    const none = { passwordHash: null, emailVerified: null, firstName: null, phoneNumber: null, language: null }
    const rest = { timezone: null, role: null, plan: null, planEndsAt: null, status: null, createdAt: null }
    const { summary } = await importLines(app, [{ email: bare }, { email: nulls, ...none, ...rest }])
    expect(summary).toMatchObject({ imported: 2, withoutPassword: 2 })
    const rows = await sql`
      select password_hash, email_verified_at, language, timezone, role, status, created_at > now() - interval '1 hour' as made_now
        from user_accounts where email in ${sql([bare, nulls])}`
    const plain = {
      passwordHash: null,
      emailVerifiedAt: null,
      language: 'en',
      timezone: 'UTC',
      role: 'user',
      status: 'active',
    }
    expect([...rows]).toEqual<unknown>([
      { ...plain, madeNow: true },
      { ...plain, madeNow: true },
    ])
    await expectProblem(
      await request('/v1/auth/login', { json: { email: bare, password: goodPassword } }),
      'invalid-credentials',
    )
  })

  test('gets argon2id at the first log-in, and keeps it', async () => {
    const email = newEmail()
    await importLines(app, [{ email, passwordHash: hash }])
    const stored = async () =>
      (await sql<{ passwordHash: string }[]>`select password_hash from user_accounts where email = ${email}`)[0]
        ?.passwordHash ?? ''
    expect(await stored()).toBe(`imported${hash}`)
    await expectProblem(
      await request('/v1/auth/login', { json: { email, password: `${goodPassword}!` } }),
      'invalid-credentials',
    )
    expect(await stored()).toBe(`imported${hash}`)
    const { deviceToken } = await logIn(app, { email, password: goodPassword })
    const replaced = await stored()
    expect(replaced).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$')
    await logIn(app, { email, password: goodPassword }, { 'X-Device-Token': deviceToken })
    expect(await stored()).toBe(replaced)
  })

  test('that was locked there is locked here', async () => {
    const email = newEmail()
    await importLines(app, [{ email, passwordHash: hash, status: 'locked' }])
    await expectProblem(
      await request('/v1/auth/login', { json: { email, password: goodPassword } }),
      'invalid-credentials',
    )
    const admin = await signedIn(app, { role: 'admin' })
    const [row] = await sql<{ id: string }[]>`select id from user_accounts where email = ${email}`
    const person = await request(`/v1/admin/users/${row?.id}`, { bearer: admin.bearer })
    expect(await bodyOf(person)).toMatchObject({ status: 'locked', lockedReason: 'Locked before the import' })
    await request(`/v1/admin/users/${row?.id}/unlock`, { method: 'POST', bearer: admin.bearer })
    await logIn(app, { email, password: goodPassword })
  })

  test('has its plan as a grant: a subscriber, until its end or without one, which the summary tells', async () => {
    const [ending, endless, staff] = [newEmail(), newEmail(), newEmail()]
    const { summary, refused } = await importLines(
      app,
      [
        {
          email: ending,
          passwordHash: hash,
          role: 'subscriber',
          plan: 'professional',
          planEndsAt: '2098-01-01T00:00:00Z',
        },
        { email: endless, passwordHash: hash, plan: 'starter' },
        { email: staff, passwordHash: hash, role: 'admin', plan: 'business' },
      ],
      { allowRoles: true },
    )
    expect([refused, Object.fromEntries(summary.endless), Object.fromEntries(summary.roles)]).toEqual([
      [],
      { starter: 1, business: 1 },
      { admin: 1 },
    ])
    const { user, accessToken: bearer } = await logIn(app, { email: ending, password: goodPassword })
    expect(user).toMatchObject({ role: 'subscriber', plan: { name: 'professional' } })
    expect(await bodyOf(await request('/v1/subscription', { bearer }))).toMatchObject({
      status: 'active',
      interval: null,
      currentPeriodEnd: '2098-01-01T00:00:00.000Z',
    })
    expect((await logIn(app, { email: endless, password: goodPassword })).user.role).toBe('subscriber')
    expect((await logIn(app, { email: staff, password: goodPassword })).user).toMatchObject({
      role: 'admin',
      plan: { name: 'business' },
    })
  })

  test('has had the trials that its address had here before it was erased', async () => {
    const person = await registered(app)
    const trial = { plan: 'starter', interval: 'month' }
    expect((await request('/v1/subscription', { bearer: person.accessToken, json: trial })).status).toBe(200)
    await request('/v1/me', { method: 'DELETE', bearer: person.accessToken, json: { password: goodPassword } })
    await importLines(app, [{ email: person.email, passwordHash: hash }, { email: newEmail() }])
    const { accessToken: bearer } = await logIn(app, { email: person.email, password: goodPassword })
    await expectProblem(await request('/v1/subscription', { bearer, json: trial }), 'checkout-unavailable')
    expect(
      (await request('/v1/subscription', { bearer, json: { plan: 'professional', interval: 'month' } })).status,
    ).toBe(200)
  })

  test('has a row of the trail, which verifies, and in which nothing tells of the person', async () => {
    const email = newEmail()
    await importLines(app, [{ email, firstName: 'Asha', passwordHash: hash, plan: 'starter' }])
    const rows = await sql<{ actorId: null; details: unknown; data: unknown; own: boolean }[]>`
      select l.actor_id, l.details, p.data, p.account_id = a.id as own
        from user_accounts a join audit_logs l on l.entity_type = 'account' and l.entity_id = a.id::text and l.action = 'account.import'
        join audit_personal p on p.audit_id = l.id
       where a.email = ${email}`
    expect([...rows]).toEqual<unknown>([
      {
        actorId: null,
        details: { by: 'command-line', role: 'subscriber', plan: 'starter', planEndsAt: null, status: 'active' },
        data: {},
        own: true,
      },
    ])
    expect(await verifyAudit(deps, null)).toMatchObject({ ok: true })
  })
})

describe('a line is refused', () => {
  const good = () => ({ email: newEmail(), passwordHash: hash })
  const wrong: [why: string, line: unknown, path: string, code: string][] = [
    ['that is no JSON', '{"email":', '', 'malformed-json'],
    ['that is a list', '[]', '', 'invalid-type'],
    ['of half a file in one line', `[${'{"email":"a@b.test"},'.repeat(999)}{"email":"a@b.test"}]`, '', 'invalid-type'],
    ['that nests too deep', `{"email":${'['.repeat(100)}${']'.repeat(100)}}`, `email${'.0'.repeat(31)}`, 'too-deep'],
    ['that says a thing twice', '{"email":"a@people.test","email":"b@people.test"}', 'email', 'duplicate-key'],
    ['with NUL', '{"email":"a@people.test","firstName":"A\\u0000"}', 'firstName', 'nul-character'],
    ['without an address', { passwordHash: hash }, 'email', 'invalid-type'],
    ['whose address is none', { ...good(), email: 'asha' }, 'email', 'custom'],
    ['with a name of nothing', { ...good(), firstName: '\u200b' }, 'firstName', 'custom'],
    ['with a name too long', { ...good(), lastName: 'a'.repeat(101) }, 'lastName', 'custom'],
    ['with a number that is none', { ...good(), phoneNumber: '98765' }, 'phoneNumber', 'custom'],
    ['with a language that is none', { ...good(), language: 'english please' }, 'language', 'custom'],
    ['with a time zone that is none', { ...good(), timezone: 'Mars/Base' }, 'timezone', 'custom'],
    ['with something unknown', { ...good(), isAdmin: true }, 'isAdmin', 'unrecognized-keys'],
    ['with the password itself', { ...good(), passwordHash: goodPassword }, 'passwordHash', 'custom'],
    ['with a hash too dear', { ...good(), passwordHash: hash.replace('$04$', () => '$15$') }, 'passwordHash', 'custom'],
    ['with a status of its own', { ...good(), status: 'deleted' }, 'status', 'invalid-value'],
    ['with a role that there is not', { ...good(), role: 'wizard' }, 'role', 'unknown'],
    ['with a role above user', { ...good(), role: 'admin' }, 'role', 'role-not-allowed'],
    ['of a subscriber without a plan', { ...good(), role: 'subscriber' }, 'role', 'role-not-allowed'],
    ['with a plan that there is not', { ...good(), plan: 'gold' }, 'plan', 'unknown'],
    [
      'whose plan was over before',
      { ...good(), plan: 'starter', planEndsAt: '2020-01-01T00:00:00Z' },
      'planEndsAt',
      'invalid',
    ],
    ['with an end of free', { ...good(), planEndsAt: '2098-01-01T00:00:00Z' }, 'planEndsAt', 'invalid'],
    ['made before there were computers', { ...good(), createdAt: '1899-12-31T00:00:00Z' }, 'createdAt', 'custom'],
    ['made in days to come', { ...good(), createdAt: '2098-01-01T00:00:00Z' }, 'createdAt', 'invalid'],
    ['with a time without its offset', { ...good(), createdAt: '2021-01-01 10:00:00' }, 'createdAt', 'invalid-format'],
  ]

  test.each(wrong)('%s', async (_, line, path, code) => {
    const between = newEmail()
    const { refused, summary } = await importLines(app, [line, { email: between }])
    expect(refused).toEqual([[1, path, code]])
    expect(summary).toMatchObject({ lines: 2, imported: 1, refused: 1, skipped: 0 })
  })

  test('in a way that tells no reader of the log what it held', async () => {
    const { refusals } = await importLines(app, [{ ...good(), passwordHash: 'hunter2 hunter2' }])
    expect(JSON.stringify(refusals[0]?.errors)).not.toContain('hunter2')
  })

  test('with all that is wrong at once, and the file goes on', async () => {
    const { refused } = await importLines(app, [{ email: 'asha', timezone: 'Mars', plan: 7 }, { email: newEmail() }])
    expect(refused.map(([, path]) => path).sort()).toEqual(['email', 'plan', 'timezone'])
  })

  test('whose role was retired, also while the import runs', async () => {
    const name = `coach_${Bun.randomUUIDv7().slice(-12)}`
    await sql`insert into roles (name, privilege_level, retired_at) values (${name}, 5, now())`
    const catalogue = deps.catalogue.current
    const coach = { name, description: '', privilegeLevel: 5, permissions: [], retired: false }
    try {
      deps.catalogue.current = { ...catalogue, roles: new Map([...catalogue.roles, [name, coach]]) }
      const { refused, summary } = await importLines(app, [{ ...good(), role: name }, good()])
      expect([refused, summary.imported]).toEqual([[[1, 'role', 'unknown']], 1])
    } finally {
      deps.catalogue.current = catalogue
    }
    expect((await importLines(app, [{ ...good(), role: name }])).refused).toEqual([[1, 'role', 'unknown']])
  })

  test('by none of these when the role grants less than user', async () => {
    expect((await importLines(app, [{ ...good(), role: 'guest' }])).refused).toEqual([])
  })
})

describe('an address', () => {
  test('that has an account is left as it is, and with fail the line is refused', async () => {
    const { email } = await givenAccount(app)
    const before = await snapshot()
    const line = {
      email,
      passwordHash: hash,
      firstName: 'Somebody',
      plan: 'starter',
      planEndsAt: '2020-01-01T00:00:00Z',
    }
    expect((await importLines(app, [line])).summary).toMatchObject({ imported: 0, skipped: 1, refused: 0 })
    const { refused, summary } = await importLines(app, [line], { onConflict: 'fail' })
    expect([refused, summary.skipped]).toEqual([[[1, 'email', 'email-taken']], 0])
    expect(await snapshot()).toEqual(before)
    await logIn(app, { email, password: goodPassword })
  })

  test('that two lines have is the first line’s, in every run and in a dry one', async () => {
    const [email, other] = [newEmail(), newEmail()]
    const lines = [
      { email, firstName: 'First' },
      { email: other, createdAt: '2098-01-01T00:00:00Z' },
      { email: ` ${email.toUpperCase()}`, firstName: 'Second' },
      { email: other, firstName: 'Taken after all' },
    ]
    const found = [
      [2, 'createdAt', 'invalid'],
      [3, 'email', 'duplicate-address'],
    ] as const
    for (const isDryRun of [true, false, false, true])
      expect((await importLines(app, lines, { isDryRun })).refused).toEqual([...found])
    const rows = await sql`select first_name from user_accounts where email in ${sql([email, other])} order by id`
    expect(rows.map(({ firstName }) => firstName)).toEqual(['First', 'Taken after all'])
  })

  test('that lines of two batches have is the first line’s', async () => {
    const email = newEmail()
    const others = Array.from({ length: 499 }, () => ({ email: newEmail() }))
    const { refused } = await importLines(app, [
      { email, firstName: 'First' },
      ...others,
      { email, firstName: 'Second' },
    ])
    expect(refused).toEqual([[501, 'email', 'duplicate-address']])
    const shared = newEmail()
    expect(await mostAtOnce([{ email: shared }, ...others, { email: shared }])).toBe(1)
    expect([...(await sql`select first_name from user_accounts where email = ${email}`)]).toEqual<unknown>([
      { firstName: 'First' },
    ])
  })

  test('that its last account may take back is refused, and the others of its batch are in', async () => {
    const person = await givenAccount(app)
    const kept = newEmail()
    await sql`
      insert into account_links (account_id, kind, slot, token_hash, email, expires_at)
      values (${person.id}, 'undo-email', 1, ${Buffer.alloc(32, Bun.randomUUIDv7())}, ${kept}, now() + interval '7 days')`
    const lines = [...Array.from({ length: 20 }, newEmail), kept, ...Array.from({ length: 20 }, newEmail)]
    for (const isDryRun of [true, false]) {
      const { refused, summary } = await importLines(
        app,
        lines.map((email) => ({ email })),
        { isDryRun },
      )
      expect([refused, summary.imported]).toEqual([[[21, 'email', 'email-taken']], 40])
    }
    expect((await importLines(app, [{ email: kept }, { email: kept }])).refused).toEqual([
      [1, 'email', 'email-taken'],
      [2, 'email', 'email-taken'],
    ])
  })

  test('that somebody registers meanwhile is one account, whoever comes first', async () => {
    const emails = Array.from({ length: 6 }, newEmail)
    const [registrations, { summary }] = await Promise.all([
      Promise.all(emails.map((email) => request('/v1/auth/register', { json: { email, password: goodPassword } }))),
      importLines(
        app,
        emails.map((email) => ({ email, passwordHash: hash })),
      ),
    ])
    const statuses = registrations.map(({ status }) => status)
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true)
    expect(summary.imported).toBe(statuses.filter((status) => status === 409).length)
    const [row] = await sql`
      select count(*)::int as accounts, count(s.id)::int as subscriptions
        from user_accounts a left join user_subscriptions s on s.account_id = a.id where email in ${sql(emails)}`
    expect(row).toEqual<unknown>({ accounts: 6, subscriptions: 6 })
  })
})

test('a second run changes nothing, nor do two at once make anything twice', async () => {
  const lines = Array.from({ length: 1_200 }, () => ({ email: newEmail(), passwordHash: hash, plan: 'starter' }))
  const both = await Promise.all([importLines(app, lines), importLines(app, lines.toReversed())])
  expect(both.reduce((sum, { summary }) => sum + summary.imported, 0)).toBe(1_200)
  expect(both.reduce((sum, { summary }) => sum + summary.skipped, 0)).toBe(1_200)
  const before = await snapshot()
  expect((await importLines(app, lines)).summary).toMatchObject({ imported: 0, skipped: 1_200, refused: 0 })
  expect(await snapshot()).toEqual(before)
})

test('a dry run says what an import would say, and writes nothing', async () => {
  const taken = await givenAccount(app)
  const lines = [{ email: newEmail(), plan: 'starter' }, { email: taken.email }, { email: 'none' }]
  const before = await snapshot()
  const { summary: dry, refused } = await importLines(app, lines, { isDryRun: true })
  expect(await snapshot()).toEqual(before)
  const real = await importLines(app, lines)
  expect([dry, refused]).toEqual([real.summary, real.refused])
})

test('a batch that fails leaves nothing of itself, and what is before and behind it stays, and is told', async () => {
  const lines = Array.from({ length: 1_500 }, (_, i) => ({ email: newEmail(), ...(i === 999 && { plan: 'starter' }) }))
  const { audit } = deps
  type Row = typeof audit.row
  const row: Row = (actor, action, entity, more) =>
    audit.row(actor, more?.details?.plan === 'starter' ? 'no action' : action, entity, more)
  const broken = { ...app, deps: { ...deps, audit: { ...audit, row } } }
  const summary = createSummary()
  await expect(importLines(broken, lines, {}, summary)).rejects.toThrow()
  const [stored] =
    await sql`select count(*)::int as n from user_accounts where email in ${sql(lines.map(({ email }) => email))}`
  expect([stored?.n, summary.imported]).toEqual([1_000, 1_000])
  expect((await importLines(app, lines)).summary).toMatchObject({ imported: 500, skipped: 1_000 })
})

test('an import that is asked to stop ends after what is under way, and can be taken up', async () => {
  const stop = new AbortController()
  const lines = Array.from({ length: 2_000 }, () => ({ email: newEmail() }))
  const { summary } = await importLines(app, lines, { signal: stop.signal, onProgress: () => stop.abort() })
  expect(summary.imported).toBe(1_000)
  expect((await importLines(app, lines)).summary).toMatchObject({ imported: 1_000, skipped: 1_000 })
})
