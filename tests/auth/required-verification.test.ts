import { describe, expect, test } from 'bun:test'
import { createLink } from '../../src/account-links/links.ts'
import { createSuperadmin } from '../../src/auth/registration.ts'
import { givenAccount, goodPassword, newEmail } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { lockoutSteps } from '../support/lockouts.ts'
import { mailsTo, templatesTo, tokenTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({ REQUIRE_EMAIL_VERIFICATION: 'true' })
const { request, sql, deps } = app
const { login, failTimes } = lockoutSteps(app)
const register = (email: string, more: object = {}) =>
  request('/v1/auth/register', { json: { email, password: goodPassword, ...more } })
const verify = (token: string) => request('/v1/auth/email/verify', { json: { token } })

/** An answer as a stranger sees it: what is not of the moment. */
async function shown(answer: Response): Promise<unknown> {
  const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id')
  return [answer.status, Object.fromEntries(headers), await answer.text()]
}

describe('registering, where addresses must be verified', () => {
  test('opens no session: the link of the mail does, and the log-in after it', async () => {
    const email = newEmail()
    const answer = await register(email)
    expect([answer.status, await bodyOf(answer)]).toEqual([202, { status: 'verification-required' }])
    await expectProblem(await login(email), 'email-not-verified')
    expect((await verify(await tokenTo(app, email, 'verify-email'))).status).toBe(204)
    const { user } = await bodyOf<{ user: { id: string; emailVerified: boolean } }>(await login(email))
    expect(user.emailVerified).toBe(true)
    const rows = await sql`select 1 from audit_logs where action = 'account.create' and entity_id = ${user.id}`
    expect(rows).toHaveLength(1)
  })

  test('answers alike for an address that is new, taken, locked or reserved', async () => {
    const [taken, locked, person] = [
      await givenAccount(app),
      await givenAccount(app, { status: 'locked' }),
      await givenAccount(app),
    ]
    const reserved = newEmail()
    await createLink(sql, { accountId: person.id, kind: 'undo-email', email: reserved })
    const answers = [newEmail(), taken.email, locked.email, reserved].map(async (email) => shown(await register(email)))
    const [fresh, ...others] = await Promise.all(answers)
    for (const other of others) expect(other).toEqual(fresh)
    expect(await sql`select 1 from user_accounts where email = ${reserved}`).toHaveLength(0)
  })

  test('tells the owner of a taken address, in one mail however often it is tried; nothing of the account changes', async () => {
    const owner = await givenAccount(app)
    const before = await sql`select * from user_accounts where id = ${owner.id}`
    for (let i = 0; i < 4; i++) expect((await register(owner.email, { firstName: 'Mallory' })).status).toBe(202)
    const [mail, ...others] = await mailsTo(app, owner.email)
    expect([mail?.template, mail?.contents.events?.length, mail?.link, others]).toEqual([
      'registration-attempted',
      4,
      null,
      [],
    ])
    expect(await sql`select * from user_accounts where id = ${owner.id}`).toEqual(before)
  })

  test('of parallel registrations of one address one is made, and all are answered alike', async () => {
    const email = newEmail()
    const answers = await Promise.all(Array.from({ length: 8 }, () => register(email)))
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(8).fill(202))
    expect(await sql`select 1 from user_accounts where email = ${email}`).toHaveLength(1)
    expect((await templatesTo(app, email)).filter((name) => name === 'verify-email')).toHaveLength(1)
  })

  test('makes an account for a taken address as for a free one, and undoes it', async () => {
    const [id, email] = [Bun.randomUUIDv7(), newEmail()]
    const account = {
      id,
      email,
      passwordHash: '$argon2id$x',
      language: 'en',
      timezone: 'UTC',
      role: 'user',
      consents: {},
    }
    const insertedBy = (isMade: boolean) =>
      sql.begin(async (tx) => {
        const count = () => tx<{ name: string; rows: number }[]>`
          select relname as name, n_tup_ins::int as rows from pg_stat_xact_user_tables
           where relname in ('user_accounts', 'user_subscriptions') order by relname`
        const before = await count()
        await tx`select pretend_account(${JSON.stringify(account)}::text::jsonb, ${isMade})`
        return (await count()).map(({ name, rows }, i) => [name, rows - (before[i]?.rows ?? 0)])
      })
    const tables = ['user_accounts', 'user_subscriptions']
    expect(await insertedBy(false)).toEqual(tables.map((table) => [table, 1]))
    expect(await insertedBy(true)).toEqual(tables.map((table) => [table, 0]))
    for (const table of tables) expect(await sql`select 1 from ${sql(table)} where id = ${id}`).toHaveLength(0)
  })

  test('refuses bad input as before, before anybody is looked for', async () => {
    await expectProblem(await register(newEmail(), { password: 'short' }), 'validation-failed')
  })
})

describe('log-in to an address that waits to be verified', () => {
  test('tells so to the right password alone', async () => {
    const { email } = await givenAccount(app)
    await expectProblem(await login(email, 'not this one'), 'invalid-credentials')
    await expectProblem(await login(email), 'email-not-verified')
    await expectProblem(await login(newEmail()), 'invalid-credentials')
  })

  test('neither counts as a failure nor ends the counting of failures', async () => {
    const { email } = await givenAccount(app)
    await failTimes(4, email)
    for (let i = 0; i < 3; i++) await expectProblem(await login(email), 'email-not-verified')
    await failTimes(1, email)
    await expectProblem(await login(email), 'account-locked')
  })

  test('is open after a reset, which proves the address too', async () => {
    const { email } = await givenAccount(app)
    await request('/v1/auth/password/forgot', { json: { email } })
    const newPassword = 'umbrella ceramic walnut drizzle'
    const token = await tokenTo(app, email, 'reset-password')
    expect((await request('/v1/auth/password/reset', { json: { token, newPassword } })).status).toBe(204)
    expect((await login(email, newPassword)).status).toBe(200)
  })

  test('is open to whom create-admin made: whoever runs the service vouches for the address', async () => {
    const email = newEmail()
    await createSuperadmin(deps, email, goodPassword)
    expect((await login(email)).status).toBe(200)
  })
})

test('with MAIL=off the service does not start so', async () => {
  await expect(openTestApp({ REQUIRE_EMAIL_VERIFICATION: 'true', MAIL: 'off' })).rejects.toThrow(
    /REQUIRE_EMAIL_VERIFICATION/,
  )
})
