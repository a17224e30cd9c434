import { describe, expect, test } from 'bun:test'
import { actsOn, signedIn, stateOf } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const root = await signedIn(app, { role: 'superadmin' })

const ofUser = ['profile.read', 'profile.update', 'profile.delete', 'dashboard.read', 'payments.read']
const makeRole = (name: string, privilegeLevel: number, permissions: string[]) =>
  request('/v1/admin/roles', { bearer: root.bearer, json: { name, description: '', privilegeLevel, permissions } })
await makeRole('staff', 40, [...ofUser, 'users.manage', 'subscriptions.manage', 'settings.manage'])
await makeRole('clerk', 20, [...ofUser, 'subscriptions.manage'])
const staff = await signedIn(app, { role: 'staff' })
const clerk = await signedIn(app, { role: 'clerk' })

const trial = (bearer: string) =>
  request('/v1/subscription', { bearer, json: { plan: 'professional', interval: 'month' } })
const act = (bearer: string, id: string, { path, ...options }: { method?: string; path: string; json?: unknown }) =>
  request(`/v1/admin/users/${id}${path}`, { bearer, ...options })
const plan = (name: string) => ({ method: 'PUT', path: '/subscription', json: { plan: name, reason: 'study' } })

describe('staff below the level of subscribers', () => {
  test('can do to somebody on trial whatever they can do to a user', async () => {
    for (const [name, options] of Object.entries(actsOn)) {
      const person = await signedIn(app)
      await sql`insert into account_features (account_id, feature, granted, reason) values (${person.id}, 'white_label', true, 'study')`
      expect((await trial(person.bearer)).status).toBe(200)
      expect([name, (await act(staff.bearer, person.id, options)).status < 300]).toEqual([name, true])
    }
  })

  test('can grant a plan, change it, and take it back', async () => {
    const person = await signedIn(app)
    for (const name of ['enterprise', 'starter', 'free', 'business', 'free'])
      expect((await act(clerk.bearer, person.id, plan(name))).status).toBe(200)
  })

  test('can give back to who pays the role that they took, and nobody else', async () => {
    const person = await signedIn(app)
    await trial(person.bearer)
    const role = (name: string) => ({ method: 'PUT', path: '/role', json: { role: name } })
    for (const name of ['guest', 'subscriber', 'user', 'subscriber'])
      expect(await bodyOf(await act(staff.bearer, person.id, role(name)))).toMatchObject({ role: name })
    const free = await signedIn(app)
    await expectProblem(await act(staff.bearer, free.id, role('subscriber')), 'privilege-escalation')
  })

  test('cannot touch a subscriber by hand, whose level nobody paid for', async () => {
    const person = await signedIn(app, { role: 'subscriber' })
    const before = await stateOf(app, person.id)
    for (const options of Object.values(actsOn))
      await expectProblem(await act(staff.bearer, person.id, options), 'privilege-escalation')
    expect(await stateOf(app, person.id)).toEqual(before)
  })
})

describe('a subscriber', () => {
  test('has the privilege level of the role', async () => {
    const person = await signedIn(app)
    await trial(person.bearer)
    expect(await bodyOf(await request('/v1/me/entitlements', { bearer: person.bearer }))).toMatchObject({
      role: 'subscriber',
      privilegeLevel: 50,
    })
  })

  test('may change no account and no role by it, whatever permissions subscribers have', async () => {
    await sql`
      insert into role_permissions select 'subscriber', unnest('{users.manage,subscriptions.manage,settings.manage}'::text[]) on conflict do nothing`
    await makeRole('junior', 15, ['profile.read'])
    const payer = await signedIn(app, { role: 'subscriber', plan: 'business' })
    for (const target of [
      await signedIn(app),
      await signedIn(app, { role: 'subscriber', plan: 'starter' }),
      await signedIn(app, { role: 'junior' }),
    ]) {
      const before = await stateOf(app, target.id)
      for (const options of Object.values(actsOn))
        await expectProblem(await act(payer.bearer, target.id, options), 'privilege-escalation')
      expect(await stateOf(app, target.id)).toEqual(before)
    }
    const edit = (method: string, path: string, json?: unknown) =>
      request(`/v1/admin/roles${path}`, { method, bearer: payer.bearer, json })
    const level = (privilegeLevel: number) => ({ name: `of_${privilegeLevel}`, description: '', privilegeLevel })
    await expectProblem(await edit('POST', '', level(10)), 'privilege-escalation')
    await expectProblem(await edit('PATCH', '/junior', { description: 'mine' }), 'privilege-escalation')
    await expectProblem(await edit('PUT', '/junior/permissions', { permissions: [] }), 'privilege-escalation')
    await expectProblem(await edit('DELETE', '/junior'), 'privilege-escalation')
    // What lies below a user, a user with these permissions may do.
    const guest = await signedIn(app, { role: 'guest' })
    expect((await act(payer.bearer, guest.id, { path: '/lock', json: { reason: 'asked for' } })).status).toBe(204)
    expect((await edit('POST', '', level(5))).status).toBe(201)
    await expectProblem(
      await act(payer.bearer, guest.id, { method: 'PUT', path: '/role', json: { role: 'user' } }),
      'privilege-escalation',
    )
    await expectProblem(await act(payer.bearer, payer.id, plan('enterprise')), 'privilege-escalation')
    expect(deps.catalogue.current.roles.get('junior')?.permissions).toEqual(['profile.read'])
  })
})
