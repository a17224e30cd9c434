import { expect, test } from 'bun:test'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'
import { openRoles } from '../../support/roles.ts'

const app = await openTestApp()
const { request, sql, deps } = app

const root = await signedIn(app, { role: 'superadmin' })
const { ask, givenRole, ofLead } = await openRoles(app, root.bearer)

test('an edit reaches the tokens that are out there at their next request', async () => {
  const name = await givenRole(20, ['profile.read'])
  const holder = await signedIn(app, { role: name })
  expect((await request('/v1/dashboard', { bearer: holder.bearer })).status).toBe(403)
  await ask('PUT', `/${name}/permissions`, root.bearer, { permissions: ['profile.read', 'dashboard.read'] })
  expect((await request('/v1/dashboard', { bearer: holder.bearer })).status).toBe(200)
  await ask('PUT', `/${name}/permissions`, root.bearer, { permissions: [] })
  await expectProblem(await request('/v1/me', { bearer: holder.bearer }), 'permission-denied')
})

test('nothing is half-applied: a refused edit leaves neither a row, nor a version, nor a line of the trail', async () => {
  const counts = async () => {
    const [row] = await sql`
      select (select version::int from catalogue_version) as version, (select count(*)::int from role_permissions) as permissions,
             (select count(*)::int from audit_logs where entity_type = 'role') as trail, (select count(*)::int from authz_changes) as changes`
    return row
  }
  const before = await counts()
  await expectProblem(
    await ask('POST', '', root.bearer, { name: 'lead', description: '', privilegeLevel: 1, permissions: ofLead }),
    'already-exists',
  )
  await expectProblem(
    await ask('POST', '', root.bearer, { name: 'fresh', description: '', privilegeLevel: 1, permissions: ['no.such'] }),
    'validation-failed',
  )
  await expectProblem(
    await ask('PUT', '/lead/permissions', root.bearer, { permissions: ['profile.read', 'no.such'] }),
    'validation-failed',
  )
  await expectProblem(await ask('PATCH', '/user', root.bearer, { description: 'x', privilegeLevel: 11 }), 'seeded')
  expect(await counts()).toEqual(before)
})

test('lists hold every role once, in pages of any size', async () => {
  for (const limit of [1, 2, 100]) {
    const names: unknown[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { items: { name: string }[]; nextCursor: string | null } = await bodyOf(
        await ask('GET', `?limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`, root.bearer),
      )
      names.push(...page.items.map(({ name }) => name))
      cursor = page.nextCursor
    }
    expect(names).toHaveLength(new Set(names).size)
    expect(new Set(names)).toEqual(new Set(deps.catalogue.current.roles.keys()))
  }
})

test('a cursor beyond every level ends the list, and one before them begins it', async () => {
  const after = (level: number) => Buffer.from(JSON.stringify([level, 'a'])).toString('base64url')
  const read = async (level: number) =>
    bodyOf<{ items: unknown[] }>(await ask('GET', `?cursor=${after(level)}`, root.bearer))
  expect((await read(Number.MAX_SAFE_INTEGER)).items).toEqual([])
  expect((await read(Number.MIN_SAFE_INTEGER)).items).not.toEqual([])
})
