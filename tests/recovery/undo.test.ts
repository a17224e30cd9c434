import { describe, expect, test } from 'bun:test'
import { logIn, newEmail, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { templatesTo, tokenTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const newPassword = 'umbrella ceramic walnut drizzle'

const post = (path: string, json: unknown) => request(path, { json })
const undo = (token: string) => post('/v1/auth/email/undo-change', { token })

/** Somebody whose address was changed. @returns the token that undoes it */
async function changed({ proved, role }: { proved: boolean; role?: string }) {
  const person = await registered(app)
  if (proved) await post('/v1/auth/email/verify', { token: await tokenTo(app, person.email, 'verify-email') })
  if (role) await sql`update user_accounts set role = ${role} where id = ${person.id}`
  const newAddress = newEmail()
  const json = { newEmail: newAddress, password: person.password }
  expect((await request('/v1/me/email', { bearer: person.accessToken, json })).status).toBe(202)
  const token = await tokenTo(app, newAddress, 'confirm-email')
  expect((await post('/v1/auth/email/confirm-change', { token })).status).toBe(204)
  return { ...person, newAddress, token: await tokenTo(app, person.email, 'undo-email') }
}

const stateOf = async (id: string) =>
  (await sql<{ email: string; role: string }[]>`select email, role from user_accounts where id = ${id}`)[0]
const giveRole = (id: string, role: string) => sql`update user_accounts set role = ${role} where id = ${id}`

describe('the role of an account whose change of address is undone', () => {
  test('that was given since is gone, where nobody had proved the old address', async () => {
    const person = await changed({ proved: false })
    await giveRole(person.id, 'admin')
    expect((await undo(person.token)).status).toBe(204)
    expect(await stateOf(person.id)).toEqual({ email: person.email, role: 'user' })
    const [row] = await sql<{ details: Record<string, unknown> }[]>`
      select details from audit_logs where action = 'email.undo_change' and entity_id = ${person.id}`
    expect(row?.details.roleTakenBack).toBe('admin')
    // Instances and other services hear of the role that is left.
    const [change] = await sql`select role from authz_changes where account_id = ${person.id} order by id desc limit 1`
    expect(change).toEqual({ role: 'user' } as never)
  })

  test('stays, where it is the one of before, or the address was proved', async () => {
    const [before, proved] = [await changed({ proved: false, role: 'admin' }), await changed({ proved: true })]
    await giveRole(proved.id, 'admin')
    for (const { token } of [before, proved]) expect((await undo(token)).status).toBe(204)
    expect([await stateOf(before.id), await stateOf(proved.id)]).toEqual([
      { email: before.email, role: 'admin' },
      { email: proved.email, role: 'admin' },
    ])
  })

  test('is the last superadmin’s: nothing is undone, and the link stays', async () => {
    const person = await changed({ proved: false })
    await giveRole(person.id, 'superadmin')
    await expectProblem(await undo(person.token), 'invalid-link')
    expect(await stateOf(person.id)).toEqual({ email: person.newAddress, role: 'superadmin' })
    await signedIn(app, { role: 'superadmin' })
    expect((await undo(person.token)).status).toBe(204)
    expect(await stateOf(person.id)).toEqual({ email: person.email, role: 'user' })
  })
})

describe('with MAIL=off', async () => {
  const off = await openTestApp({ DATABASE_URL: app.databaseUrl, MAIL: 'off' })
  const offPost = (path: string, json: unknown) => off.request(path, { json })

  test('the link that undid a change sets a new password, once and for an hour: whoever took the account over is out', async () => {
    const person = await changed({ proved: true })
    expect((await offPost('/v1/auth/email/undo-change', { token: person.token })).status).toBe(204)
    await expectProblem(await off.request('/v1/me', { bearer: person.accessToken }), 'session-revoked')
    for (const email of [person.email, person.newAddress])
      await expectProblem(await offPost('/v1/auth/login', { email, password: person.password }), 'invalid-credentials')
    const [link] = await sql`
      select kind, email, round(extract(epoch from expires_at - created_at))::int as seconds from account_links where account_id = ${person.id}`
    expect(link).toEqual({ kind: 'reset-password', email: person.email, seconds: 3600 } as never)
    await expectProblem(await offPost('/v1/auth/email/undo-change', { token: person.token }), 'invalid-link')
    const reset = { token: person.token, newPassword }
    expect((await offPost('/v1/auth/password/reset', reset)).status).toBe(204)
    await expectProblem(await offPost('/v1/auth/password/reset', reset), 'invalid-link')
    expect((await logIn(off, { email: person.email, password: newPassword })).user.id).toBe(person.id)
  })

  test('with mail on it does not: the new link goes to the mailbox', async () => {
    const person = await changed({ proved: true })
    expect((await undo(person.token)).status).toBe(204)
    await expectProblem(await post('/v1/auth/password/reset', { token: person.token, newPassword }), 'invalid-link')
    expect(await templatesTo(app, person.email)).toContain('reset-password')
    expect(await tokenTo(app, person.email, 'reset-password')).not.toBe(person.token)
  })
})
