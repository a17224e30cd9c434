import { expect, test } from 'bun:test'
import { goodPassword, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { lockoutSteps } from '../support/lockouts.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const { login, failTimes } = lockoutSteps(app)

/** One address, as keyboards, forms and other services write it. */
const spellingsOf = (local: string) => [
  `${local}@bücher.example`,
  `${local}@xn--bcher-kva.example`,
  `${local}@XN--BCHER-KVA.Example`,
  ` ${local.toUpperCase()}@BÜCHER.EXAMPLE `,
  `${local}@bu\u0308cher.example`,
  `${local}@ｂüｃｈｅｒ．example`,
]

test('every spelling of an address is one account, for registering and for logging in', async () => {
  const [first = '', ...others] = spellingsOf('asha')
  const { user } = await registered(app, { email: others[0] })
  expect(user.email).toBe(first)
  for (const email of spellingsOf('asha')) {
    const json = { email, password: 'umbrella ceramic walnut drizzle' }
    await expectProblem(await request('/v1/auth/register', { json }), 'email-taken')
    const answer = await login(email)
    expect(answer.status).toBe(200)
    expect((await bodyOf<typeof user & { user: typeof user }>(answer)).user.id).toBe(user.id)
  }
  expect(await sql`select 1 from user_accounts where email like '%cher%'`).toHaveLength(1)
})

test('a sharp s is one, however it is spelled, and no double s: DNS holds them apart', async () => {
  const { user } = await registered(app, { email: 'mira@straße.example' })
  for (const email of ['mira@xn--strae-oqa.example', 'MIRA@STRAẞE.example'])
    await expectProblem(await request('/v1/auth/register', { json: { email, password: goodPassword } }), 'email-taken')
  expect((await registered(app, { email: 'mira@strasse.example' })).user.id).not.toBe(user.id)
})

test('failures under any spelling are counted together, and an unlock ends the lockout of all', async () => {
  const spellings = spellingsOf('ravi')
  const person = await registered(app, { email: spellings[0] })
  for (const email of spellings.slice(0, 5)) await failTimes(1, email)
  for (const email of spellings) await expectProblem(await login(email), 'account-locked')
  // The person's own device is judged by its own counter, whatever is typed on it.
  for (const email of spellings) expect((await login(email, goodPassword, person.deviceToken)).status).toBe(200)
  const { bearer } = await signedIn(app, { role: 'admin' })
  await request(`/v1/admin/users/${person.user.id}/unlock`, { method: 'POST', bearer })
  for (const email of spellings) expect((await login(email)).status).toBe(200)
})

test('administrators find it by either form of its domain', async () => {
  const { user } = await registered(app, { email: 'lena@müßig.example' })
  const { bearer } = await signedIn(app, { role: 'admin' })
  for (const q of ['lena@müßig.example', 'lena@xn--mig-5ka8l.example', 'LENA@XN--MIG-5KA8L', 'MÜSSIG']) {
    const answer = await request(`/v1/admin/users?q=${encodeURIComponent(q)}`, { bearer })
    const { items } = await bodyOf<{ items: { id: string }[] }>(answer)
    expect([q, items.map(({ id }) => id)]).toEqual([q, [user.id]])
  }
})
