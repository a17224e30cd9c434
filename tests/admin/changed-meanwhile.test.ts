import { describe, expect, test } from 'bun:test'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { openRoles } from '../support/roles.ts'

const app = await openTestApp()
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin', plan: 'enterprise' })
/** Edits of one person wait for each other anyway. */
const others = await Promise.all([0, 1, 2].map(() => signedIn(app, { role: 'superadmin' })))
const { givenRole, ofLead } = await openRoles(app, root.bearer)

const send = (method: string, path: string, json?: unknown, ifMatch?: string, bearer = root.bearer) =>
  request(path, { method, json, bearer, headers: ifMatch === undefined ? {} : { 'If-Match': ifMatch } })
const tagOf = (answer: Response) => answer.headers.get('ETag') ?? ''
const read = async (path: string) => tagOf(await send('GET', path))
let made = 0

async function givenPlan(): Promise<string> {
  made += 1
  const plan = { name: `plan_${made}`, displayName: 'A plan', tier: 700 + made, currency: 'USD' }
  expect(
    (await send('POST', '/v1/admin/plans', { ...plan, priceMonthlyMinor: 100, priceYearlyMinor: 1_000 })).status,
  ).toBe(201)
  return plan.name
}

async function givenFeature(): Promise<string> {
  made += 1
  const feature = { name: `feature_${made}`, displayName: 'A feature', category: 'other' }
  expect((await send('POST', '/v1/admin/features', feature)).status).toBe(201)
  return feature.name
}

const prices = (amountMinor: number) => ({
  prices: [
    { currency: 'USD', interval: 'month', amountMinor },
    { currency: 'USD', interval: 'year', amountMinor: 10 * amountMinor },
  ],
})
/** Where it is read, where it is edited, and two different edits. */
type Case = { make: () => Promise<{ read: string; edit: string }>; method: 'PATCH' | 'PUT'; edits: [object, object] }
const role = async (part = '') => {
  const path = `/v1/admin/roles/${await givenRole(20)}`
  return { read: path, edit: `${path}${part}` }
}
const plan = async (part = '') => {
  const name = await givenPlan()
  return { read: `/v1/plans/${name}`, edit: `/v1/admin/plans/${name}${part}` }
}
const feature = async () => {
  const name = await givenFeature()
  return { read: `/v1/features/${name}`, edit: `/v1/admin/features/${name}` }
}
const cases: Record<string, Case> = {
  'a role': { make: role, method: 'PATCH', edits: [{ description: 'One' }, { description: 'Two' }] },
  'permissions of a role': {
    make: () => role('/permissions'),
    method: 'PUT',
    edits: [{ permissions: ['profile.read'] }, { permissions: ['dashboard.read'] }],
  },
  'a plan': { make: plan, method: 'PATCH', edits: [{ displayName: 'One' }, { displayName: 'Two' }] },
  'features of a plan': {
    make: () => plan('/features'),
    method: 'PUT',
    edits: [{ features: [{ name: 'api_access' }] }, { features: [{ name: 'api_access', limit: 5 }] }],
  },
  'prices of a plan': { make: () => plan('/prices'), method: 'PUT', edits: [prices(200), prices(300)] },
  'a feature': { make: feature, method: 'PATCH', edits: [{ displayName: 'One' }, { displayName: 'Two' }] },
}
const audited = async (path: string) =>
  (await sql`select 1 from audit_logs where entity_id = ${path.split('/')[4] ?? ''}`).length

describe.each(Object.entries(cases))('%s', (_, { make, method, edits: [one, two] }) => {
  test('is edited by whoever read it last, and by nobody who read it before', async () => {
    const at = await make()
    const before = await read(at.read)
    expect(before).toMatch(/^"[\w-]{16}"$/)
    const edited = await send(method, at.edit, one, before)
    expect(edited.status).toBe(200)
    expect(tagOf(edited)).not.toBe(before)
    expect(await read(at.read)).toBe(tagOf(edited))
    const rows = await audited(at.edit)
    await expectProblem(await send(method, at.edit, two, before), 'changed-meanwhile')
    expect(await read(at.read)).toBe(tagOf(edited))
    expect(await audited(at.edit)).toBe(rows)
    expect((await send(method, at.edit, two, tagOf(edited))).status).toBe(200)
    expect((await send(method, at.edit, one)).status).toBe(200)
  })

  test('is edited by one, of three who read the same and send different edits at once', async () => {
    const at = await make()
    const tag = await read(at.read)
    const answers = await Promise.all(
      others.map(({ bearer }, i) => send(method, at.edit, i % 2 ? one : two, tag, bearer)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412])
  })

  test('is judged by the database, also where an instance has not heard of an edit yet', async () => {
    const at = await make()
    const tag = await read(at.read)
    const before = app.deps.catalogue.current
    expect((await send(method, at.edit, one)).status).toBe(200)
    const now = app.deps.catalogue.current
    // Of the same version: the feed would replace an older one at once.
    app.deps.catalogue.current = { ...before, version: now.version }
    try {
      await expectProblem(await send(method, at.edit, two, tag), 'changed-meanwhile')
    } finally {
      app.deps.catalogue.current = now
    }
  })

  test('has an ETag by which it is asked for again', async () => {
    const at = await make()
    const tag = await read(at.read)
    const again = await request(at.read, { bearer: root.bearer, headers: { 'If-None-Match': tag } })
    expect([again.status, tagOf(again)]).toEqual([304, tag])
  })
})

describe('If-Match', () => {
  test('takes a list, and any state; a weak tag is none', async () => {
    const { read: path } = await role()
    const tag = await read(path)
    const edit = (ifMatch: string) => send('PATCH', path, {}, ifMatch)
    for (const header of [`"other", ${tag}`, `W/"a",${tag}`, '*']) expect((await edit(header)).status).toBe(200)
    for (const header of [`W/${tag}`, '"other"', '""', `${tag.slice(0, -1)} "`])
      await expectProblem(await edit(header), header.includes(' ') ? 'bad-request' : 'changed-meanwhile')
  })

  test.each(['', 'x', '"', '"a', 'a"', '"a" "b"', '"a",', ',"a"', '*, "a"', 'w/"a"', `"${'x'.repeat(1_100)}"`])(
    'is refused when it is no tag: %p',
    async (header) => {
      const { read: path } = await role()
      await expectProblem(await send('PATCH', path, {}, header), 'bad-request')
    },
  )

  test('is looked at after who may, and before what stands in the way otherwise', async () => {
    const old = '"AAAAAAAAAAAAAAAA"'
    await expectProblem(await send('PATCH', '/v1/admin/roles/nobody_s', {}, old), 'not-found')
    await expectProblem(await send('PATCH', '/v1/admin/plans/nobody_s', {}, old), 'not-found')
    await expectProblem(await send('PATCH', '/v1/admin/roles/guest', { privilegeLevel: 3 }, old), 'changed-meanwhile')
    await expectProblem(
      await send('PUT', '/v1/admin/roles/superadmin/permissions', { permissions: [] }, old),
      'changed-meanwhile',
    )
    await expectProblem(await send('PATCH', '/v1/admin/plans/free', { retired: true }, old), 'changed-meanwhile')
    const lead = await signedIn(app, { role: 'lead' })
    const above = await givenRole(90)
    await expectProblem(await send('PATCH', `/v1/admin/roles/${above}`, {}, old, lead.bearer), 'privilege-escalation')
    const below = await givenRole(10)
    const raised = { permissions: [...ofLead, 'features.manage'] }
    const path = `/v1/admin/roles/${below}/permissions`
    await expectProblem(await send('PUT', path, raised, old, lead.bearer), 'privilege-escalation')
  })
})

test('a plan keeps its tag while others are edited', async () => {
  const at = await plan()
  const tag = await read(at.read)
  await givenPlan()
  await givenRole(10)
  expect(await read(at.read)).toBe(tag)
})
