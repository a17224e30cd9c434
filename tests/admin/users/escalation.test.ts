import { describe, expect, test } from 'bun:test'
import { logIn } from '../../support/accounts.ts'
import { actsOn, signedIn, stateOf } from '../../support/administration.ts'
import { openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app

const root = await signedIn(app, { role: 'superadmin' })
await sql`insert into roles (name, privilege_level) values ('peer', 90), ('deputy', 89)`
await sql`insert into role_permissions select 'peer', permission from role_permissions where role = 'admin'`
await sql`insert into role_permissions select 'deputy', permission from role_permissions where role = 'admin'`
const admin = await signedIn(app, { role: 'admin' })

const onUser = (id: string, act: { method: string; path: string; json?: unknown }, bearer: string) =>
  request(`/v1/admin/users/${id}${act.path}`, { ...act, bearer })

/** Somebody with a session and an override, so that every act would find something to change. */
async function givenTarget(role: string) {
  const target = await signedIn(app, { role })
  await sql`insert into account_features (account_id, feature, granted, reason) values (${target.id}, 'white_label', true, 'agreed')`
  return target
}

describe('an administrator', () => {
  for (const [act, asked] of Object.entries(actsOn)) {
    for (const role of ['admin', 'peer', 'superadmin'])
      test(`cannot ${act}: ${role}`, async () => {
        const target = await givenTarget(role)
        const before = await stateOf(app, target.id)
        await expectProblem(await onUser(target.id, asked, admin.bearer), 'privilege-escalation')
        expect(await stateOf(app, target.id)).toEqual(before)
      })

    test(`cannot ${act}: themselves, in whatever case the id is written`, async () => {
      const own = await givenTarget('admin')
      const before = await stateOf(app, own.id)
      await expectProblem(await onUser(own.id, asked, own.bearer), 'privilege-escalation')
      const shouted = await onUser(own.id.toUpperCase(), asked, own.bearer)
      expect([403, 404]).toContain(shouted.status)
      expect(await stateOf(app, own.id)).toEqual(before)
    })

    test(`can ${act}: deputy, one level below`, async () => {
      const target = await givenTarget('deputy')
      const before = await stateOf(app, target.id)
      expect((await onUser(target.id, asked, admin.bearer)).status).toBeLessThan(300)
      if (act !== 'unlock') expect(await stateOf(app, target.id)).not.toEqual(before)
    })
  }

  for (const role of ['admin', 'peer', 'superadmin'])
    test(`cannot make anybody ${role}`, async () => {
      const target = await givenTarget('user')
      const answer = await onUser(target.id, { method: 'PUT', path: '/role', json: { role } }, admin.bearer)
      await expectProblem(answer, 'privilege-escalation')
      expect(await stateOf(app, target.id)).toMatchObject({ role: 'user' })
    })

  test('cannot give a role that holds a permission they lack, however low its level', async () => {
    await sql`insert into roles (name, privilege_level) values ('trap', 1)`
    await sql`insert into role_permissions values ('trap', 'settings.manage')`
    const target = await givenTarget('user')
    const answer = await onUser(target.id, { method: 'PUT', path: '/role', json: { role: 'trap' } }, admin.bearer)
    await expectProblem(answer, 'privilege-escalation')
    expect(
      (await onUser(target.id, { method: 'PUT', path: '/role', json: { role: 'trap' } }, root.bearer)).status,
    ).toBe(200)
  })

  test('whose role was taken away a moment ago is refused, though the token still says it', async () => {
    const former = await signedIn(app, { role: 'admin' })
    const target = await givenTarget('user')
    // Straight into the table: no instance has heard of it.
    await sql`update user_accounts set role = 'user' where id = ${former.id}`
    await expectProblem(
      await onUser(target.id, { method: 'POST', path: '/unlock' }, former.bearer),
      'permission-denied',
    )
    await sql`update user_accounts set role = 'admin', status = 'locked' where id = ${former.id}`
    await expectProblem(await onUser(target.id, { method: 'POST', path: '/unlock' }, former.bearer), 'account-disabled')
  })
})

describe('a superadmin', () => {
  for (const [act, asked] of Object.entries(actsOn))
    for (const role of ['superadmin', 'admin', 'guest'])
      test(`can ${act}: ${role}`, async () => {
        const target = await givenTarget(role)
        expect((await onUser(target.id, asked, root.bearer)).status).toBeLessThan(300)
      })

  test('can grant any role, and step down while another stays', async () => {
    const other = await givenTarget('user')
    for (const role of ['superadmin', 'trap', 'admin', 'peer', 'superadmin'])
      expect((await onUser(other.id, { method: 'PUT', path: '/role', json: { role } }, root.bearer)).status).toBe(200)
    const { accessToken } = await logIn(app, other)
    expect((await onUser(other.id, { method: 'PUT', path: '/role', json: { role: 'user' } }, accessToken)).status).toBe(
      200,
    )
  })
})

describe('the last superadmin', () => {
  const removing = { role: actsOn['give a role'], lock: actsOn.lock, erase: actsOn.erase }

  test('is refused before the level is: 409 to everybody, for every act that would remove it', async () => {
    await sql`update user_accounts set role = 'user' where role = 'superadmin' and id <> ${root.id}`
    const [{ count } = { count: 0 }] = await sql<{ count: number }[]>`
      select count(*)::int from user_accounts where role = 'superadmin' and status = 'active'`
    expect(count).toBe(1)
    const before = await stateOf(app, root.id)
    for (const act of Object.values(removing))
      for (const bearer of [admin.bearer, root.bearer])
        if (act) await expectProblem(await onUser(root.id, act, bearer), 'last-superadmin')
    await expectProblem(
      await request('/v1/me', { method: 'DELETE', bearer: root.bearer, json: { password: root.password } }),
      'last-superadmin',
    )
    expect(await stateOf(app, root.id)).toEqual(before)
  })

  test('is out of reach for the rest by level alone', async () => {
    for (const act of ['change the profile', 'unlock', 'end the sessions', 'grant a feature', 'grant a plan'] as const)
      await expectProblem(
        await onUser(root.id, actsOn[act] ?? { method: '', path: '' }, admin.bearer),
        'privilege-escalation',
      )
  })

  test('may be given the role that it has', async () => {
    expect(
      (await onUser(root.id, { method: 'PUT', path: '/role', json: { role: 'superadmin' } }, root.bearer)).status,
    ).toBe(200)
  })

  test('does not count one who is locked', async () => {
    await signedIn(app, { role: 'superadmin' }).then(
      ({ id }) => sql`update user_accounts set status = 'locked' where id = ${id}`,
    )
    if (removing.lock) await expectProblem(await onUser(root.id, removing.lock, root.bearer), 'last-superadmin')
  })

  test('is held by the database itself, whoever asks', async () => {
    const refused = sql`update user_accounts set role = 'user' where role = 'superadmin' and status = 'active'`.then(
      () => null,
      (error: unknown) => error,
    )
    expect(await refused).toMatchObject({ constraint_name: 'last_superadmin' })
  })
})

test('nobody is told of a level before being told that there is nobody: 404 comes first', async () => {
  for (const act of Object.values(actsOn)) {
    await expectProblem(await onUser(Bun.randomUUIDv7(), act, admin.bearer), 'not-found')
    const erased = await signedIn(app)
    await request(`/v1/admin/users/${erased.id}`, { method: 'DELETE', bearer: root.bearer })
    await expectProblem(await onUser(erased.id, act, admin.bearer), 'not-found')
  }
})
