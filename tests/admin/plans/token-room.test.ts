import { expect, test } from 'bun:test'
import { givenAccount, logIn } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { openTestApp } from '../../support/app.ts'
import { reloadCatalogue } from '../../support/guarded.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp({ JWT_ISSUER: 'i'.repeat(100), JWT_AUDIENCE: 'a'.repeat(100) })
const { request, sql } = app

const longest = (letter: string) => letter.repeat(63)
const names = Array.from({ length: 40 }, (_, i) => longest('f').slice(2) + String(i).padStart(2, '0'))
for (const name of names)
  await sql`insert into features (name, display_name, category) values (${name}, 'Long', 'long')`
await sql`insert into subscription_plans (name, display_name, tier) values (${longest('p')}, 'Long', 1000)`
await sql`insert into roles (name, privilege_level) values (${longest('r')}, 99)`
await sql`insert into role_permissions (role, permission) select ${longest('r')}, name from permissions`
await reloadCatalogue(app)
const root = await signedIn(app, { role: 'superadmin' })

const put = (path: string, json: object) => request(`/v1/admin${path}`, { method: 'PUT', bearer: root.bearer, json })

test('whatever administrators give, the token of whoever gets the most of it is one that is taken', async () => {
  const person = await givenAccount(app, {
    role: longest('r'),
    plan: longest('p'),
    endsAt: new Date(4_000_000_000_000),
  })
  const include = (count: number) =>
    put(`/plans/${longest('p')}/features`, { features: names.slice(0, count).map((name) => ({ name })) })
  await expectProblem(await include(40), 'validation-failed')
  let included = 40
  while ((await include(included)).status !== 200) included -= 1
  expect(included).toBeGreaterThan(10)

  const override = (name: string) =>
    put(`/users/${person.id}/features/${name}`, {
      granted: true,
      limit: Number.MAX_SAFE_INTEGER,
      expiresAt: '2099-12-31T23:59:59Z',
      reason: 'agreed',
    })
  const given = names.toReversed()
  let overridden = 0
  while ((await override(given[overridden] ?? '')).status === 200) overridden += 1
  await expectProblem(await override(given[overridden] ?? ''), 'validation-failed')
  expect(overridden).toBeLessThan(40 - included)

  const { accessToken } = await logIn(app, person)
  const me = await request('/v1/me', { bearer: accessToken })
  expect([me.status, accessToken.length > 3_500]).toEqual([200, true])
})

test('every seeded feature can be overridden at once, with a limit and an end', async () => {
  const person = await signedIn(app, { plan: 'enterprise' })
  const seeded = await sql<{ name: string }[]>`select name from features where category <> 'long'`
  for (const { name } of seeded)
    expect(
      (
        await put(`/users/${person.id}/features/${name}`, {
          granted: true,
          limit: Number.MAX_SAFE_INTEGER,
          expiresAt: '2099-12-31T23:59:59Z',
          reason: 'agreed',
        })
      ).status,
    ).toBe(200)
})

test('one refused for want of room leaves nothing, and those before it in force', async () => {
  const person = await signedIn(app)
  const override = (name: string) => put(`/users/${person.id}/features/${name}`, { granted: true, reason: 'agreed' })
  const statuses: number[] = []
  for (const name of names) statuses.push((await override(name)).status)
  const kept = statuses.filter((status) => status === 200).length
  expect(kept).toBeLessThan(40)
  expect(await sql`select 1 from account_features where account_id = ${person.id}`).toHaveLength(kept)
  for (const [i, name] of names.entries())
    expect((await request(`/v1/entitlements/${name}`, { bearer: person.bearer })).status).toBe(i < kept ? 200 : 403)
})
