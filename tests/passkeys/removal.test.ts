import { expect, test } from 'bun:test'
import { goodPassword, newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { tokenTo } from '../support/mails.ts'
import { givenPasskey, signInWith, usePasskey } from '../support/passkeys.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const post = (path: string, json: unknown, bearer?: string) => request(path, { json, ...(bearer && { bearer }) })

async function reset(email: string): Promise<void> {
  await post('/v1/auth/password/forgot', { email })
  const token = await tokenTo(app, email, 'reset-password')
  const json = { token, newPassword: 'umbrella ceramic walnut drizzle' }
  expect((await post('/v1/auth/password/reset', json)).status).toBe(204)
}

const factorsOf = async (id: string) =>
  (await sql<{ secondFactors: string[] }[]>`select second_factors from user_accounts where id = ${id}`)[0]
    ?.secondFactors

test('the first proof of an address removes every passkey that somebody made before', async () => {
  const squatter = await registered(app)
  const { passkey } = await givenPasskey(app, { bearer: squatter.accessToken })
  await reset(squatter.email)
  await expectProblem(await usePasskey(app, passkey), 'invalid-passkey')
  expect(await factorsOf(squatter.id)).toEqual([])
  const [row] = await sql<{ removed: number }[]>`
    select (details->'removed'->>'passkeys')::int as removed from audit_logs where action = 'password.reset' and entity_id = ${squatter.id}`
  expect(row?.removed).toBe(1)
})

test('a reset by an address that was proved before removes none', async () => {
  const owner = await registered(app)
  await post('/v1/auth/email/verify', { token: await tokenTo(app, owner.email, 'verify-email') })
  const { passkey } = await givenPasskey(app, { bearer: owner.accessToken })
  await reset(owner.email)
  await signInWith(app, passkey)
  expect(await factorsOf(owner.id)).toEqual(['passkey'])
})

test('undoing a change of address removes those that were added since, and no other', async () => {
  const owner = await registered(app)
  await post('/v1/auth/email/verify', { token: await tokenTo(app, owner.email, 'verify-email') })
  const own = await givenPasskey(app, { bearer: owner.accessToken })
  const thief = await signInWith(app, own.passkey)
  const wanted = newEmail()
  const json = { newEmail: wanted, password: goodPassword }
  expect((await post('/v1/me/email', json, thief.accessToken)).status).toBe(202)
  await post('/v1/auth/email/confirm-change', { token: await tokenTo(app, wanted, 'confirm-email') })
  const planted = await givenPasskey(app, { bearer: thief.accessToken })
  await signInWith(app, planted.passkey)
  const undo = await post('/v1/auth/email/undo-change', { token: await tokenTo(app, owner.email, 'undo-email') })
  expect(undo.status).toBe(204)
  await expectProblem(await usePasskey(app, planted.passkey), 'invalid-passkey')
  const { user } = await bodyOf<SessionJson>(await usePasskey(app, own.passkey))
  expect(user.email).toBe(owner.email)
  expect(await factorsOf(owner.id)).toEqual(['passkey'])
})
