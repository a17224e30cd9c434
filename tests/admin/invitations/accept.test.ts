import { describe, expect, test } from 'bun:test'
import { goodPassword, logIn, newEmail } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { openTestApp } from '../../support/app.ts'
import { mailsTo, templatesTo, tokenTo } from '../../support/mails.ts'
import { expectProblem } from '../../support/problems.ts'
import { chosenPassword, invitationSteps } from './invited.ts'

const app = await openTestApp({ REQUIRE_EMAIL_VERIFICATION: 'true' })
const { request, sql } = app
const { again, invited, accept, accepted } = invitationSteps(app)
await sql`insert into roles (name, privilege_level) values ('helper', 30)`
await sql`insert into role_permissions (role, permission) select 'helper', permission from role_permissions where role = 'user'`
// Their addresses count as verified, so that they can log in.
const verified = async (role: string) => {
  await sql`alter table user_accounts alter column email_verified_at set default clock_timestamp()`
  const person = await signedIn(app, { role })
  await sql`alter table user_accounts alter column email_verified_at drop default`
  return person
}
const root = await verified('superadmin')
const admin = await verified('admin')
const asRoot = (path: string, json: unknown = {}, method = 'POST') =>
  request(`/v1/admin/users/${path}`, { bearer: root.bearer, json, method })

describe('an invited person', () => {
  test('has an account with a password, a verified address, the role, and the plan from now on', async () => {
    const { id, email, token } = await invited(admin.bearer, {
      role: 'helper',
      plan: 'professional',
      firstName: 'Ravi',
    })
    await sql`update user_subscriptions set started_at = started_at - interval '3 days' where account_id = ${id}`
    const session = await accepted(token)
    expect(session.user).toMatchObject({
      id,
      email,
      emailVerified: true,
      status: 'active',
      role: 'helper',
      firstName: 'Ravi',
      plan: { name: 'professional' },
    })
    expect((await request('/v1/entitlements/premium_dashboard', { bearer: session.accessToken })).status).toBe(200)
    expect((await request('/v1/auth/refresh', { json: { refreshToken: session.refreshToken } })).status).toBe(200)
    expect((await logIn(app, { email, password: chosenPassword })).user.id).toBe(id)
    const [subscription] = await sql<{ grantedBy: string; fresh: boolean }[]>`
      select granted_by, started_at > clock_timestamp() - interval '1 hour' as fresh from user_subscriptions where account_id = ${id} and ended_at is null`
    expect(subscription).toEqual({ grantedBy: admin.id, fresh: true })
    const rows = await sql<{ action: string; actorId: string; details: unknown }[]>`
      select action, actor_id, details from audit_logs where action = 'invitation.accept' and entity_id = ${id}`
    const details = { role: 'helper', plan: 'professional', isGranted: true }
    expect(rows).toEqual<unknown>([{ action: 'invitation.accept', actorId: id, details }])
    expect(app.lines.join()).not.toContain(token)
  })

  test('of 16 at once with one link is one, and no other link of it works', async () => {
    const { id, email, token } = await invited(admin.bearer)
    await again(admin.bearer, id)
    const other = await tokenTo(app, email, 'accept-invitation')
    const answers = await Promise.all(Array.from({ length: 16 }, (_, i) => accept(i % 2 ? token : other)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(15).fill(400)])
    expect(await sql`select 1 from sessions where account_id = ${id}`).toHaveLength(1)
    for (const used of [token, other]) await expectProblem(await accept(used), 'invalid-link')
  })

  test('chooses a good password, judged by address and names; the link stays until then', async () => {
    const { email, token } = await invited(admin.bearer, { firstName: 'Gwendolen', lastName: 'Fairfaxson' })
    for (const wanted of ['short', 'gwendolen fairfaxson', email, 'x'.repeat(257), 7]) {
      const problem = await expectProblem(await accept(token, wanted), 'validation-failed')
      expect(problem.errors?.map(({ path }) => path)).toEqual(['password'])
    }
    expect((await accept(token)).status).toBe(200)
  })

  test.each(['', 'of no link', '\u0000', 'a'.repeat(40_000)])('with the token %# is refused', async (token) => {
    await expectProblem(await accept(token), 'invalid-link')
  })

  test('comes too late once the link has expired', async () => {
    const { id, token } = await invited(admin.bearer)
    await sql`update account_links set expires_at = clock_timestamp() where account_id = ${id}`
    await expectProblem(await accept(token), 'invalid-link')
  })

  test('and tried to register before was told so by mail, and then forgot the password: both lead to the invitation', async () => {
    const { email } = await invited(admin.bearer)
    expect((await request('/v1/auth/register', { json: { email, password: goodPassword } })).status).toBe(202)
    await request('/v1/auth/password/forgot', { json: { email } })
    expect(await templatesTo(app, email)).toEqual(['accept-invitation', 'registration-attempted', 'accept-invitation'])
    expect((await mailsTo(app, email)).every(({ template }) => template !== 'reset-password')).toBe(true)
    await accepted(await tokenTo(app, email, 'accept-invitation'))
  })
})

describe('role and plan are judged again; the account is a `user` on free where whoever invited', () => {
  const plain = { role: 'user', plan: { name: 'free' }, status: 'active', emailVerified: true }
  test.each<[string, (inviterId: string) => Promise<unknown>]>([
    ['was demoted', (id) => sql`update user_accounts set role = 'user' where id = ${id}`],
    ['is locked', (id) => asRoot(`${id}/lock`, { reason: 'left' })],
    ['is erased', (id) => asRoot(id, undefined, 'DELETE')],
  ])('%s', async (_, change) => {
    const inviter = await verified('admin')
    const { token } = await invited(inviter.bearer, { role: 'helper', plan: 'business' })
    await change(inviter.id)
    expect((await accepted(token)).user).toMatchObject(plain)
  })

  test.each<[string, string, string]>([
    [
      'may not grant that role any more',
      `insert into role_permissions (role, permission) values ('helper', 'settings.manage')`,
      `delete from role_permissions where role = 'helper' and permission = 'settings.manage'`,
    ],
    [
      'may not grant plans any more',
      `delete from role_permissions where role = 'admin' and permission = 'subscriptions.manage'`,
      `insert into role_permissions (role, permission) values ('admin', 'subscriptions.manage')`,
    ],
    [
      'offered a role that is retired',
      `update roles set retired_at = now() where name = 'helper'`,
      `update roles set retired_at = null where name = 'helper'`,
    ],
    [
      'offered a plan that is retired',
      `update subscription_plans set retired_at = now() where name = 'business'`,
      `update subscription_plans set retired_at = null where name = 'business'`,
    ],
  ])('%s', async (_, change, back) => {
    const { id, token } = await invited(admin.bearer, { role: 'helper', plan: 'business' })
    await sql.unsafe(change)
    try {
      expect((await accepted(token)).user).toMatchObject(plain)
    } finally {
      await sql.unsafe(back)
    }
    const [row] =
      await sql`select details ->> 'isGranted' as granted from audit_logs where action = 'invitation.accept' and entity_id = ${id}`
    expect(row).toEqual({ granted: 'false' })
  })

  test('but not where another has answered for it since: who invited again, or gave the role', async () => {
    const inviter = await verified('admin')
    const renewed = await invited(inviter.bearer, { role: 'helper', plan: 'business' })
    const given = await invited(inviter.bearer)
    expect((await again(admin.bearer, renewed.id)).status).toBe(202)
    expect((await asRoot(`${given.id}/role`, { role: 'admin' }, 'PUT')).status).toBe(200)
    await sql`update user_accounts set role = 'user' where id = ${inviter.id}`
    expect((await accepted(renewed.token)).user).toMatchObject({ role: 'helper', plan: { name: 'business' } })
    expect((await accepted(given.token)).user).toMatchObject({ role: 'admin' })
  })

  test('and what an administrator granted since takes the place of what was offered', async () => {
    const [free, dearer] = [
      await invited(admin.bearer, { plan: 'business' }),
      await invited(admin.bearer, { plan: 'starter' }),
    ]
    await asRoot(`${free.id}/subscription`, { plan: 'free', reason: 'a mistake' }, 'PUT')
    await asRoot(`${dearer.id}/subscription`, { plan: 'professional', reason: 'better' }, 'PUT')
    expect((await accepted(free.token)).user).toMatchObject({ role: 'user', plan: { name: 'free' } })
    expect((await accepted(dearer.token)).user).toMatchObject({ role: 'subscriber', plan: { name: 'professional' } })
  })
})

describe('accepting while', () => {
  const race = async (act: (id: string) => Promise<Response>) => {
    const { id, token, email } = await invited(admin.bearer, { plan: 'starter' })
    const [answer, other] = await Promise.all([accept(token), act(id)])
    expect(other.status).toBe(204)
    const [row] = await sql<{ status: string; live: number }[]>`
      select status, (select count(*)::int from sessions where account_id = a.id and ended_at is null) as live from user_accounts a where id = ${id}`
    return { answer, row, email }
  }

  test('the account is locked ends locked, and with no live session', async () => {
    for (let i = 0; i < 5; i++) {
      const { answer, row } = await race((id) => asRoot(`${id}/lock`, { reason: 'wrong person' }))
      expect([200, 400]).toContain(answer.status)
      expect(row).toEqual({ status: 'locked', live: 0 })
    }
  })

  test('the account is erased ends erased, and with no session', async () => {
    for (let i = 0; i < 5; i++) {
      const { answer, row } = await race((id) => asRoot(id, undefined, 'DELETE'))
      expect([200, 400]).toContain(answer.status)
      expect(row).toEqual({ status: 'deleted', live: 0 })
    }
  })

  test('whoever invited is demoted gives the role or not, and never a half of it', async () => {
    for (let i = 0; i < 5; i++) {
      const inviter = await verified('admin')
      const { token } = await invited(inviter.bearer, { role: 'helper', plan: 'starter' })
      const [{ user }] = await Promise.all([accepted(token), asRoot(`${inviter.id}/role`, { role: 'user' }, 'PUT')])
      expect([
        ['helper', 'starter'],
        ['user', 'free'],
      ]).toContainEqual([user.role, user.plan.name])
    }
  })

  test('others invite again ends accepted', async () => {
    const { id, token } = await invited(admin.bearer, { role: 'helper' })
    const [answer] = await Promise.all([
      accept(token),
      again(root.bearer, id),
      again(admin.bearer, id),
      again(root.bearer, id),
    ])
    expect(answer.status).toBe(200)
  })
})

test('an address that changed hands by accepting is nobody’s but its owner’s', async () => {
  const email = newEmail()
  const { token } = await invited(admin.bearer, { email })
  await accepted(token)
  expect((await request('/v1/admin/users', { bearer: admin.bearer, json: { email } })).status).toBe(409)
})
