import { describe, expect, test } from 'bun:test'
import { givenAccount } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'
import { openRoles } from '../../support/roles.ts'

const app = await openTestApp()
const { request, sql, deps } = app

const root = await signedIn(app, { role: 'superadmin' })
const { ask, givenRole, ofLead } = await openRoles(app, root.bearer)
const lead = await signedIn(app, { role: 'lead' })

async function roleOf(name: string): Promise<unknown> {
  return bodyOf(await ask('GET', `/${name}`, root.bearer))
}

describe('an administrator who is not a superadmin', () => {
  test('makes roles below the own level only', async () => {
    for (const privilegeLevel of [80, 81, 100])
      await expectProblem(
        await ask('POST', '', lead.bearer, { name: 'above', description: '', privilegeLevel }),
        'privilege-escalation',
      )
    await expectProblem(await ask('GET', '/above', root.bearer), 'not-found')
    expect(
      (
        await ask('POST', '', lead.bearer, {
          name: 'below',
          description: '',
          privilegeLevel: 79,
          permissions: ['users.manage'],
        })
      ).status,
    ).toBe(201)
  })

  test('puts no permission into a role that they lack', async () => {
    const lacking = {
      name: 'greedy',
      description: '',
      privilegeLevel: 5,
      permissions: ['profile.read', 'features.manage'],
    }
    await expectProblem(await ask('POST', '', lead.bearer, lacking), 'privilege-escalation')
    const name = await givenRole(20, ['profile.read'])
    const before = await roleOf(name)
    await expectProblem(
      await ask('PUT', `/${name}/permissions`, lead.bearer, { permissions: ['profile.read', 'audit.read'] }),
      'privilege-escalation',
    )
    expect(await roleOf(name)).toEqual(before)
  })

  test('takes none out of a role that holds one they lack, nor edits or deletes it', async () => {
    const name = await givenRole(20, ['audit.read'])
    const before = await roleOf(name)
    await expectProblem(
      await ask('PUT', `/${name}/permissions`, lead.bearer, { permissions: [] }),
      'privilege-escalation',
    )
    await expectProblem(
      await ask('PATCH', `/${name}`, lead.bearer, { description: 'Mine now' }),
      'privilege-escalation',
    )
    await expectProblem(await ask('DELETE', `/${name}`, lead.bearer), 'privilege-escalation')
    expect(await roleOf(name)).toEqual(before)
  })

  test('is judged by the old level and by the new one', async () => {
    const [equal, above, below] = [await givenRole(80), await givenRole(85), await givenRole(20)]
    for (const name of [equal, above, 'lead'])
      for (const json of [{ privilegeLevel: 1 }, { description: 'Mine now' }, { retired: true }])
        await expectProblem(await ask('PATCH', `/${name}`, lead.bearer, json), 'privilege-escalation')
    for (const privilegeLevel of [80, 90, 100])
      await expectProblem(await ask('PATCH', `/${below}`, lead.bearer, { privilegeLevel }), 'privilege-escalation')
    expect(await roleOf(below)).toMatchObject({ privilegeLevel: 20 })
    expect((await ask('PATCH', `/${below}`, lead.bearer, { privilegeLevel: 79 })).status).toBe(200)
  })

  test('does not touch the own role', async () => {
    await expectProblem(
      await ask('PUT', '/lead/permissions', lead.bearer, { permissions: ofLead }),
      'privilege-escalation',
    )
    await expectProblem(await ask('DELETE', '/lead', lead.bearer), 'privilege-escalation')
  })

  test('loses at once what the role loses, for the role is read again in the transaction', async () => {
    const name = await givenRole(70, ['settings.manage'])
    const holder = await signedIn(app, { role: name })
    const below = await givenRole(10)
    // Straight into the tables: no instance has heard of it.
    await sql`update roles set privilege_level = 5 where name = ${name}`
    await expectProblem(
      await ask('PATCH', `/${below}`, holder.bearer, { description: 'Still here' }),
      'privilege-escalation',
    )
    await sql`delete from role_permissions where role = ${name}`
    await expectProblem(
      await ask('PATCH', `/${below}`, holder.bearer, { description: 'Still here' }),
      'permission-denied',
    )
  })
})

describe('levels', () => {
  test('lie between 0 and 100, as whole numbers', async () => {
    for (const privilegeLevel of [-1, 101, 50.5, '50', 1e300, null])
      await expectProblem(
        await ask('POST', '', root.bearer, { name: 'odd', description: '', privilegeLevel }),
        'validation-failed',
      )
  })

  test('of seeded roles stay, and so do their names and their existence', async () => {
    for (const name of ['guest', 'user', 'subscriber', 'admin', 'superadmin']) {
      for (const json of [{ privilegeLevel: 1 }, { retired: true }])
        await expectProblem(await ask('PATCH', `/${name}`, root.bearer, json), 'seeded')
      await expectProblem(await ask('DELETE', `/${name}`, root.bearer), 'seeded')
    }
    expect((await ask('PATCH', '/admin', root.bearer, { description: 'Runs it' })).status).toBe(200)
  })
})

test('the superadmin role keeps its permissions: nobody else could give one back', async () => {
  const all = [...deps.catalogue.current.permissions.keys()]
  for (const permissions of [[], all.filter((name) => name !== 'settings.manage'), all.slice(1)])
    await expectProblem(await ask('PUT', '/superadmin/permissions', root.bearer, { permissions }), 'seeded')
  expect((await ask('PUT', '/superadmin/permissions', root.bearer, { permissions: all })).status).toBe(200)
  expect(await roleOf('superadmin')).toMatchObject({ permissions: all.sort() })
})

describe('a role that somebody has', () => {
  test('cannot be deleted, only retired: then nobody gets it any more, and who has it keeps it', async () => {
    const name = await givenRole(20, ['profile.read'])
    const holder = await signedIn(app, { role: name })
    await expectProblem(await ask('DELETE', `/${name}`, root.bearer), 'in-use')
    expect((await ask('PATCH', `/${name}`, root.bearer, { retired: true })).status).toBe(200)
    const other = await givenAccount(app)
    await expectProblem(
      await request(`/v1/admin/users/${other.id}/role`, { method: 'PUT', bearer: root.bearer, json: { role: name } }),
      'validation-failed',
    )
    expect((await request('/v1/me', { bearer: holder.bearer })).status).toBe(200)
    expect((await ask('PATCH', `/${name}`, root.bearer, { retired: false })).status).toBe(200)
    expect(
      (await request(`/v1/admin/users/${other.id}/role`, { method: 'PUT', bearer: root.bearer, json: { role: name } }))
        .status,
    ).toBe(200)
  })

  test('can be deleted once nobody has it', async () => {
    const name = await givenRole(20)
    const answer = await ask('DELETE', `/${name}`, root.bearer)
    expect(answer.status).toBe(204)
    await expectProblem(await ask('GET', `/${name}`, root.bearer), 'not-found')
    await expectProblem(await ask('DELETE', `/${name}`, root.bearer), 'not-found')
  })
})
