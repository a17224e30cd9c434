import { describe, expect, test } from 'bun:test'
import type { User } from '../../../src/auth/account.ts'
import { runJobNow } from '../../../src/jobs/runner.ts'
import { givenAccount, goodPassword, newEmail, registered } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { mailsTo, templatesTo, tokenTo } from '../../support/mails.ts'
import { expectProblem } from '../../support/problems.ts'
import { chosenPassword, invitationSteps } from './invited.ts'

const app = await openTestApp({ APP_URL: 'https://app.example/people/' })
const { request, sql } = app
const { invite, again, mailReset, invited, accept } = invitationSteps(app)
const root = await signedIn(app, { role: 'superadmin' })
const admin = await signedIn(app, { role: 'admin' })
await sql`insert into roles (name, privilege_level) values ('inviter', 60), ('hidden_rights', 20)`
await sql`
  insert into role_permissions (role, permission)
  select 'inviter', permission from role_permissions where role = 'user' union values ('inviter', 'users.manage'), ('hidden_rights', 'settings.manage')`
// Manages people, and no subscriptions.
const inviter = await signedIn(app, { role: 'inviter' })
const statusOf = async (id: string) =>
  (await bodyOf<User>(await request(`/v1/admin/users/${id}`, { bearer: root.bearer }))).status

describe('an invitation', () => {
  test('opens an account that waits, with its mail in its language, and is audited', async () => {
    await sql`update user_accounts set first_name = 'Meera', last_name = 'Iyer' where id = ${admin.id}`
    const json = { email: newEmail(), firstName: 'Ravi', language: 'hi', plan: 'professional' }
    const answer = await invite(admin.bearer, json)
    expect(answer.status).toBe(201)
    const user = await bodyOf<User>(answer)
    expect(answer.headers.get('location')).toBe(`/v1/admin/users/${user.id}`)
    expect(user).toMatchObject({
      ...json,
      plan: { name: 'free' },
      status: 'invited',
      role: 'user',
      emailVerified: false,
    })
    const [mail] = await mailsTo(app, user.email)
    expect(mail).toMatchObject({
      template: 'accept-invitation',
      contents: { inviter: 'Meera Iyer', role: null, plan: 'Professional', validHours: 168 },
    })
    expect(mail?.link).toStartWith('https://app.example/people/account/accept-invitation#token=')
    const rows = await sql<{ actorId: string; details: unknown }[]>`
      select actor_id, details from audit_logs where action = 'account.invite' and entity_id = ${user.id}`
    expect(rows).toEqual<unknown>([{ actorId: admin.id, details: { role: 'user', plan: 'professional' } }])
  })

  test.each<[string, () => string, Record<string, unknown>, Parameters<typeof expectProblem>[1]]>([
    ['a role of one’s own level', () => admin.bearer, { role: 'admin' }, 'privilege-escalation'],
    ['a role with a permission that one lacks', () => admin.bearer, { role: 'hidden_rights' }, 'privilege-escalation'],
    ['a plan without subscriptions.manage', () => inviter.bearer, { plan: 'starter' }, 'permission-denied'],
    ['even the free plan, named', () => inviter.bearer, { plan: 'free' }, 'permission-denied'],
    ['a role that is unknown', () => root.bearer, { role: 'nobody' }, 'validation-failed'],
    ['a plan that is unknown', () => root.bearer, { plan: 'nothing' }, 'validation-failed'],
    ['a status', () => root.bearer, { status: 'active' }, 'validation-failed'],
    ['a password', () => root.bearer, { password: goodPassword }, 'validation-failed'],
  ])('is refused %s, and nothing is left of it', async (_, bearer, json, code) => {
    const email = newEmail()
    await expectProblem(await invite(bearer(), { email, ...json }), code)
    expect(await sql`select 1 from user_accounts where email = ${email}`).toHaveLength(0)
    expect(await mailsTo(app, email)).toEqual([])
  })

  test('is judged by the rows, not by the token: of a demoted administrator none goes out', async () => {
    const former = await signedIn(app, { role: 'admin' })
    await sql`update user_accounts set role = 'user' where id = ${former.id}`
    await expectProblem(await invite(former.bearer), 'permission-denied')
  })

  test('to an address that has an account is 409, also of two who invite at once', async () => {
    const person = await registered(app)
    await expectProblem(await invite(admin.bearer, { email: person.email }), 'email-taken')
    const email = newEmail()
    const answers = await Promise.all([admin, root, admin, root].map(({ bearer }) => invite(bearer, { email })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    expect(await templatesTo(app, email)).toEqual(['accept-invitation'])
  })

  test('under an Idempotency-Key is one, whose answer is repeated', async () => {
    const options = {
      bearer: admin.bearer,
      json: { email: newEmail() },
      headers: { 'Idempotency-Key': 'one colleague' },
    }
    const [first, second] = [await request('/v1/admin/users', options), await request('/v1/admin/users', options)]
    expect([first.status, second.status]).toEqual([201, 201])
    expect(await bodyOf<User>(second)).toEqual(await bodyOf<User>(first))
    expect(await templatesTo(app, options.json.email)).toEqual(['accept-invitation'])
  })

  test('gives the account what its address used up before', async () => {
    const email = newEmail()
    const [hash] = app.deps.traceKeys(email)
    await sql`insert into erased_trials (address_hash, plan, kept_until) values (${hash}, 'starter', '2099-01-01')`
    const { id } = await invited(admin.bearer, { email })
    expect(await sql<{ plan: string }[]>`select plan from trials where account_id = ${id}`).toEqual<unknown>([
      { plan: 'starter' },
    ])
  })
})

describe('until it is accepted', () => {
  test('nobody logs in, resets a password, verifies the address, or registers it', async () => {
    const { id, email } = await invited(admin.bearer)
    await expectProblem(
      await request('/v1/auth/login', { json: { email, password: goodPassword } }),
      'invalid-credentials',
    )
    await request('/v1/auth/email/resend', { json: { email } })
    expect(await templatesTo(app, email)).toEqual(['accept-invitation'])
    await expectProblem(await request('/v1/auth/register', { json: { email, password: goodPassword } }), 'email-taken')
    // Whatever link there were: the database itself opens such an account to nobody.
    await expect(async () => sql`update user_accounts set status = 'active' where id = ${id}`).toThrow(
      'invited_opens_nothing',
    )
    await expect(async () => sql`update user_accounts set password_hash = '$argon2id$' where id = ${id}`).toThrow(
      'invited_opens_nothing',
    )
  })

  test('it is found by its status, and counts among no accounts', async () => {
    const { id, email } = await invited(admin.bearer)
    const find = async (status: string) =>
      (
        await bodyOf<{ items: User[] }>(
          await request(`/v1/admin/users?status=${status}&q=${encodeURIComponent(email)}`, { bearer: admin.bearer }),
        )
      ).items.map((item) => item.id)
    expect([await find('invited'), await find('active'), await find('locked')]).toEqual([[id], [], []])
    const count = async () => {
      await runJobNow(app.deps, 'refresh-views')
      const overview = await request('/v1/admin/analytics/overview', { bearer: admin.bearer })
      const plans = await request('/v1/admin/analytics/plans', { bearer: admin.bearer })
      const { accounts, active, locked, invited } = await bodyOf<Record<string, number>>(overview)
      return { accounts, active, locked, invited, onPlans: (await bodyOf<{ accounts: number }>(plans)).accounts }
    }
    const before = await count()
    const second = await invited(admin.bearer)
    expect(await count()).toEqual({ ...before, invited: (before.invited ?? 0) + 1 })
    await accept(second.token)
    expect(await count()).toMatchObject({
      accounts: (before.accounts ?? 0) + 1,
      active: (before.active ?? 0) + 1,
      onPlans: before.onPlans + 1,
      invited: before.invited,
    })
    const explained = await request(`/v1/admin/users/${id}/explain?permission=profile.read`, { bearer: admin.bearer })
    expect(await bodyOf(explained)).toMatchObject({
      granted: false,
      chain: [{ detail: expect.stringContaining('invited') }, {}, {}, {}],
    })
  })

  test('a lock and its end leave it invited, and what else is done to it mails nothing', async () => {
    const { id, email, token } = await invited(root.bearer)
    const about = (path: string, json: unknown, method = 'POST') =>
      request(`/v1/admin/users/${id}${path}`, { bearer: root.bearer, json, method })
    expect((await about('/lock', { reason: 'wrong person' })).status).toBe(204)
    expect(await statusOf(id)).toBe('locked')
    await expectProblem(await accept(token), 'invalid-link')
    expect((await about('/unlock', {})).status).toBe(204)
    expect(await statusOf(id)).toBe('invited')
    expect((await about('', { firstName: 'Ravi' }, 'PATCH')).status).toBe(200)
    expect((await about('/role', { role: 'admin' }, 'PUT')).status).toBe(200)
    expect((await about('/subscription', { plan: 'starter', reason: 'asked for' }, 'PUT')).status).toBe(200)
    expect((await about('/revoke-sessions', {})).status).toBe(204)
    expect(await templatesTo(app, email)).toEqual(['accept-invitation'])
    expect((await accept(token)).status).toBe(200)
  })

  test('an erasure frees the address, and its links open nothing', async () => {
    const { id, email, token } = await invited(admin.bearer)
    expect((await request(`/v1/admin/users/${id}`, { bearer: admin.bearer, method: 'DELETE' })).status).toBe(204)
    await expectProblem(await accept(token), 'invalid-link')
    expect(await sql`select 1 from invitations where account_id = ${id}`).toHaveLength(0)
    expect((await invite(admin.bearer, { email })).status).toBe(201)
  })
})

describe('an invitation that is mailed again', () => {
  test('has links of its own, three that work at most, and lasts as long as a first one', async () => {
    const { id, email, token } = await invited(admin.bearer)
    await sql`update invitations set invited_at = invited_at - interval '20 days' where account_id = ${id}`
    for (let i = 0; i < 4; i++) expect((await again(admin.bearer, id)).status).toBe(202)
    const mails = await mailsTo(app, email)
    expect([mails.length, new Set(mails.map(({ link }) => link)).size]).toEqual([3, 3])
    expect(
      await sql`select 1 from invitations where account_id = ${id} and invited_at > now() - interval '1 hour'`,
    ).toHaveLength(1)
    const mailed = await sql`
      select details ->> 'mailed' as mailed from audit_logs where action = 'account.invite_again' and entity_id = ${id} order by id`
    expect(mailed.map((row) => row.mailed)).toEqual(['true', 'true', 'false', 'false'])
    expect((await accept(token)).status).toBe(200)
    await expectProblem(await again(admin.bearer, id), 'not-invited')
  })

  test('comes from forgot, too, with a link that ends before the account does, and without a reset', async () => {
    const { id, email } = await invited(admin.bearer, { role: 'user', plan: 'starter' })
    await sql`update invitations set invited_at = clock_timestamp() - interval '29 days' where account_id = ${id}`
    const forgot = () => request('/v1/auth/password/forgot', { json: { email } })
    expect(await bodyOf(await forgot())).toEqual({ status: 'accepted' })
    const second = (await mailsTo(app, email)).at(-1)
    expect(second).toMatchObject({ template: 'accept-invitation', contents: { plan: 'Starter', validHours: 23 } })
    expect(
      await sql`select 1 from invitations where account_id = ${id} and invited_at < now() - interval '28 days'`,
    ).toHaveLength(1)
    await sql`update invitations set invited_at = clock_timestamp() - interval '30 days' where account_id = ${id}`
    expect((await forgot()).status).toBe(202)
    expect(await templatesTo(app, email)).toEqual(['accept-invitation', 'accept-invitation'])
    await sql`update invitations set invited_at = clock_timestamp() - interval '29 days' where account_id = ${id}`
    expect((await accept(await tokenTo(app, email, 'accept-invitation'))).status).toBe(200)
  })

  test('needs the authority of a first one', async () => {
    const withPlan = await invited(admin.bearer, { plan: 'starter' })
    await expectProblem(await again(inviter.bearer, withPlan.id), 'permission-denied')
    const high = await invited(root.bearer, { role: 'admin' })
    await expectProblem(await again(admin.bearer, high.id), 'privilege-escalation')
    await expectProblem(await again(admin.bearer, Bun.randomUUIDv7()), 'not-found')
    await expectProblem(await again(admin.bearer, (await givenAccount(app)).id), 'not-invited')
  })
})

describe('an administrator’s link for a new password', () => {
  test('goes to the person; until it is used the account goes on as it was', async () => {
    const person = await registered(app)
    expect((await mailReset(admin.bearer, person.id)).status).toBe(202)
    const mail = (await mailsTo(app, person.email)).at(-1)
    expect(mail).toMatchObject({ template: 'reset-password', contents: { cause: 'administrator', validHours: 1 } })
    expect((await request('/v1/me', { bearer: person.accessToken })).status).toBe(200)
    const token = await tokenTo(app, person.email, 'reset-password')
    const answer = await request('/v1/auth/password/reset', { json: { token, newPassword: chosenPassword } })
    expect(answer.status).toBe(204)
    await expectProblem(await request('/v1/me', { bearer: person.accessToken }), 'session-revoked')
    const rows = await sql<{ actorId: string; details: unknown }[]>`
      select actor_id, details from audit_logs where action = 'password.request_reset' and entity_id = ${person.id}`
    expect(rows).toEqual<unknown>([{ actorId: admin.id, details: { mailed: true } }])
  })

  test('is the invitation again for whoever was invited, and nothing over the bound', async () => {
    const { id, email } = await invited(admin.bearer)
    expect((await mailReset(admin.bearer, id)).status).toBe(202)
    expect(await templatesTo(app, email)).toEqual(['accept-invitation', 'accept-invitation'])
    const person = await givenAccount(app)
    for (let i = 0; i < 4; i++) expect((await mailReset(admin.bearer, person.id)).status).toBe(202)
    expect(await templatesTo(app, person.email)).toEqual(Array<string>(3).fill('reset-password'))
    await expectProblem(await mailReset(admin.bearer, root.id), 'privilege-escalation')
    await expectProblem(await mailReset(admin.bearer, admin.id), 'privilege-escalation')
  })
})

test('without mail nothing of it goes, and it is said at once', async () => {
  const silent = await openTestApp({ MAIL: 'off' })
  const { bearer } = await signedIn(silent, { role: 'admin' })
  const steps = invitationSteps(silent)
  const id = Bun.randomUUIDv7()
  for (const answer of [await steps.invite(bearer), await steps.again(bearer, id), await steps.mailReset(bearer, id)])
    await expectProblem(answer, 'mail-unavailable')
})
