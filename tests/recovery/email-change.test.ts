import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { mailsTo, templatesTo, tokenTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp()
const { request, sql } = app
const newPassword = 'umbrella ceramic walnut drizzle'
type Person = { id: string; email: string; accessToken: string }

const ask = (bearer: string, wanted: string, password: string = goodPassword) =>
  request('/v1/me/email', { bearer, json: { newEmail: wanted, password } })
const confirm = (token: string) => request('/v1/auth/email/confirm-change', { json: { token } })
const undo = (token: string) => request('/v1/auth/email/undo-change', { json: { token } })
const reset = (token: string, wanted = newPassword) =>
  request('/v1/auth/password/reset', { json: { token, newPassword: wanted } })
const addressOf = async (bearer: string) => (await bodyOf<{ email: string }>(await request('/v1/me', { bearer }))).email

/** Changes the address, through both mailboxes. */
async function change({ accessToken }: Pick<Person, 'accessToken'>, wanted = newEmail()): Promise<string> {
  expect((await ask(accessToken, wanted)).status).toBe(202)
  expect((await confirm(await tokenTo(app, wanted, 'confirm-email'))).status).toBe(204)
  return wanted
}

describe('a change of address', () => {
  test('happens once the new mailbox confirms it, and both mailboxes hear of it', async () => {
    const person = await registered(app)
    const wanted = newEmail()
    expect((await ask(person.accessToken, wanted)).status).toBe(202)
    expect(await addressOf(person.accessToken)).toBe(person.email)
    expect((await confirm(await tokenTo(app, wanted, 'confirm-email'))).status).toBe(204)
    const user = await bodyOf(await request('/v1/me', { bearer: person.accessToken }))
    expect(user).toMatchObject({ id: person.id, email: wanted, emailVerified: true })
    expect(await templatesTo(app, person.email)).toEqual(['verify-email', 'email-change-requested', 'undo-email'])
    expect(await templatesTo(app, wanted)).toEqual(['confirm-email', 'email-changed'])
    await expectProblem(
      await request('/v1/auth/login', { json: { email: person.email, password: goodPassword } }),
      'invalid-credentials',
    )
    expect((await logIn(app, { email: wanted, password: goodPassword })).user.id).toBe(person.id)
  })

  test('needs the password, and a session that still lives', async () => {
    const person = await registered(app)
    await expectProblem(await ask(person.accessToken, newEmail(), 'not this one'), 'invalid-credentials')
    await expectProblem(await ask((await givenApiKey(app, person.id)).key, newEmail()), 'api-key-not-allowed')
    const same = await expectProblem(await ask(person.accessToken, person.email), 'validation-failed')
    expect(same.errors?.map(({ path, code }) => [path, code])).toEqual([['newEmail', 'unchanged']])
  })

  test('voids what leads to the old address: its links are refused', async () => {
    const person = await registered(app)
    await request('/v1/auth/password/forgot', { json: { email: person.email } })
    const [verification, forgotten] = [
      await tokenTo(app, person.email, 'verify-email'),
      await tokenTo(app, person.email, 'reset-password'),
    ]
    await change(person)
    await expectProblem(await request('/v1/auth/email/verify', { json: { token: verification } }), 'invalid-link')
    await expectProblem(await reset(forgotten), 'invalid-link')
  })

  test('refuses a link that was under way when the address changed, by the address itself', async () => {
    const person = await registered(app)
    await request('/v1/auth/password/forgot', { json: { email: person.email } })
    const token = await tokenTo(app, person.email, 'verify-email')
    const forgotten = await tokenTo(app, person.email, 'reset-password')
    await sql`update user_accounts set email = ${newEmail()} where id = ${person.id}`
    await expectProblem(await request('/v1/auth/email/verify', { json: { token } }), 'invalid-link')
    const reset = { token: forgotten, newPassword: 'umbrella ceramic walnut drizzle' }
    await expectProblem(await request('/v1/auth/password/reset', { json: reset }), 'invalid-link')
  })

  test('of 16 parallel confirmations one is made', async () => {
    const person = await registered(app)
    const wanted = newEmail()
    await ask(person.accessToken, wanted)
    const token = await tokenTo(app, wanted, 'confirm-email')
    const answers = await Promise.all(Array.from({ length: 16 }, () => confirm(token)))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    const undoLinks = await sql`select 1 from account_links where account_id = ${person.id} and kind = 'undo-email'`
    expect(undoLinks).toHaveLength(1)
  })

  test('is refused while the account is locked, and the link stays', async () => {
    const person = await registered(app)
    const wanted = newEmail()
    await ask(person.accessToken, wanted)
    const token = await tokenTo(app, wanted, 'confirm-email')
    await sql`update user_accounts set status = 'locked' where id = ${person.id}`
    await expectProblem(await confirm(token), 'invalid-link')
    await sql`update user_accounts set status = 'active' where id = ${person.id}`
    expect((await confirm(token)).status).toBe(204)
  })

  test('is refused where somebody took the address meanwhile', async () => {
    const person = await registered(app)
    const wanted = newEmail()
    await ask(person.accessToken, wanted)
    const token = await tokenTo(app, wanted, 'confirm-email')
    await registered(app, { email: wanted })
    await expectProblem(await confirm(token), 'invalid-link')
    expect(await addressOf(person.accessToken)).toBe(person.email)
  })

  test('takes along what was used up under either address', async () => {
    const person = await registered(app)
    const subscribe = (bearer: string, plan: string) =>
      request('/v1/subscription', { bearer, json: { plan, interval: 'month' } })
    expect((await subscribe(person.accessToken, 'starter')).status).toBe(200)
    await change(person)
    await sql`update account_links set expires_at = clock_timestamp() where account_id = ${person.id}`
    const second = await registered(app, { email: person.email })
    await expectProblem(await subscribe(second.accessToken, 'starter'), 'checkout-unavailable')
    expect((await subscribe(second.accessToken, 'professional')).status).toBe(200)
  })
})

describe('an address that somebody has', () => {
  test('is answered as any other, with the same rows; its owner is told', async () => {
    const [owner, person, other] = [await givenAccount(app), await registered(app), await registered(app)]
    const [taken, free] = [await ask(person.accessToken, owner.email), await ask(other.accessToken, newEmail())]
    expect([taken.status, await taken.text()]).toEqual([free.status, await free.text()])
    expect(await templatesTo(app, owner.email)).toEqual(['email-change-taken'])
    const rowsOf = async (id: string) =>
      (await sql`select kind from account_links where account_id = ${id} and kind = 'confirm-email'`).length
    expect([await rowsOf(person.id), await rowsOf(other.id)]).toEqual([1, 1])
  })

  test('so is one that was given up within 7 days; the account that gave it up may go back', async () => {
    const person = await registered(app)
    await change(person)
    const other = await registered(app)
    expect((await ask(other.accessToken, person.email)).status).toBe(202)
    expect(await templatesTo(app, person.email)).not.toContain('confirm-email')
    await change(person, person.email)
    expect(await addressOf(person.accessToken)).toBe(person.email)
  })

  test('gets one mail for many who ask', async () => {
    const owner = await givenAccount(app)
    const people = await Promise.all(Array.from({ length: 3 }, () => registered(app)))
    await Promise.all(people.map(({ accessToken }) => ask(accessToken, owner.email)))
    const [mail, ...others] = await mailsTo(app, owner.email)
    expect([mail?.template, mail?.contents.events?.length, others]).toEqual(['email-change-taken', 3, []])
  })
})

describe('mails to a new address', () => {
  test('are three an hour of one account, and three of all accounts together', async () => {
    const [person, wanted] = [await registered(app), newEmail()]
    for (let i = 0; i < 5; i++) expect((await ask(person.accessToken, wanted)).status).toBe(202)
    expect(await templatesTo(app, wanted)).toEqual(Array<string>(3).fill('confirm-email'))
    const other = await registered(app)
    expect((await ask(other.accessToken, wanted)).status).toBe(202)
    expect(await templatesTo(app, wanted)).toHaveLength(3)
    expect((await ask(person.accessToken, newEmail())).status).toBe(202)
  })

  test('are three of many accounts that ask at once', async () => {
    const [people, wanted] = [await Promise.all(Array.from({ length: 8 }, () => registered(app))), newEmail()]
    const answers = await Promise.all(people.map(({ accessToken }) => ask(accessToken, wanted)))
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(8).fill(202))
    expect(await templatesTo(app, wanted)).toHaveLength(3)
  })

  test('are none for whoever gave a password that is another once it was found right', async () => {
    const [person, wanted] = [await registered(app), newEmail()]
    let answer: Promise<Response> | undefined
    await sql.begin(async (tx) => {
      await tx`update user_accounts set password_version = password_version + 1 where id = ${person.id}`
      const [{ pid } = { pid: 0 }] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
      answer = Promise.resolve(ask(person.accessToken, wanted))
      const isWaiting = async () =>
        (await sql`select from pg_stat_activity where ${pid}::int = any(pg_blocking_pids(pid))`).length > 0
      await until(isWaiting, 30, 'the request to wait for the account')
    })
    await expectProblem((await answer) ?? new Response(), 'invalid-credentials')
    expect(await templatesTo(app, wanted)).toEqual([])
  })

  test('are not repeated under one Idempotency-Key', async () => {
    const [person, wanted] = [await registered(app), newEmail()]
    const options = {
      bearer: person.accessToken,
      json: { newEmail: wanted, password: goodPassword },
      headers: { 'Idempotency-Key': 'once' },
    }
    const answers = [await request('/v1/me/email', options), await request('/v1/me/email', options)]
    expect(answers.map(({ status, headers }) => [status, headers.get('idempotency-replayed')])).toEqual([
      [202, null],
      [202, 'true'],
    ])
    expect(await templatesTo(app, wanted)).toEqual(['confirm-email'])
  })
})

describe('a change that is undone', () => {
  test('brings the address back; password, keys and sessions are gone, and a new password goes by the old mailbox', async () => {
    const person = await registered(app)
    const { key } = await givenApiKey(app, person.id)
    const wanted = await change(person)
    expect((await undo(await tokenTo(app, person.email, 'undo-email'))).status).toBe(204)
    await expectProblem(await request('/v1/me', { bearer: person.accessToken }), 'session-revoked')
    await expectProblem(await request('/v1/dashboard', { bearer: key }), 'invalid-token')
    for (const email of [person.email, wanted])
      await expectProblem(
        await request('/v1/auth/login', { json: { email, password: goodPassword } }),
        'invalid-credentials',
      )
    expect(await templatesTo(app, wanted)).toContain('email-change-undone')
    expect((await reset(await tokenTo(app, person.email, 'reset-password'))).status).toBe(204)
    const session = await logIn(app, { email: person.email, password: newPassword })
    expect(session.user).toMatchObject({ id: person.id, emailVerified: true })
  })

  test('works once, also of 16 at a time, and leaves a lock as it is', async () => {
    const person = await registered(app)
    await change(person)
    await sql`update user_accounts set status = 'locked' where id = ${person.id}`
    const token = await tokenTo(app, person.email, 'undo-email')
    const answers = await Promise.all(Array.from({ length: 16 }, () => undo(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array<number>(15).fill(400)])
    const [row] = await sql`select status, email from user_accounts where id = ${person.id}`
    expect(row).toEqual({ status: 'locked', email: person.email } as never)
  })
})
