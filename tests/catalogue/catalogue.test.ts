import { describe, expect, test } from 'bun:test'
import { bodyOf, openTestApp } from '../support/app.ts'
import { reloadCatalogue } from '../support/guarded.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
type Item = { name: string; [member: string]: unknown }
type List = { items: Item[]; nextCursor: string | null }

/** A list's names, page by page. */
async function walk(path: string, limit: number): Promise<string[][]> {
  const pages: string[][] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { items, nextCursor }: List = await bodyOf<List>(
      await request(`${path}?limit=${limit}${cursor && `&cursor=${cursor}`}`),
    )
    pages.push(items.map(({ name }) => name))
    cursor = nextCursor
  }
  return pages
}

describe('the public catalogue', () => {
  test('shows a plan to the letter', async () => {
    expect(await bodyOf(await request('/v1/plans/professional'))).toEqual({
      name: 'professional',
      displayName: 'Professional',
      description: 'For a practice',
      tier: 50,
      priceMonthlyMinor: 2999,
      priceYearlyMinor: 29990,
      currency: 'USD',
      prices: [
        { currency: 'USD', interval: 'month', amountMinor: 2999, taxInclusive: false },
        { currency: 'USD', interval: 'year', amountMinor: 29990, taxInclusive: false },
      ],
      trialDays: 14,
      featured: true,
      features: [
        'advanced_reporting',
        'api_access',
        'data_export',
        'premium_dashboard',
        'priority_support',
        'team_collaboration',
        'webhook_support',
      ].map((name) => ({ name, limit: null })),
      limits: { maxUsers: 10, maxApiRequestsPerMonth: 100_000, maxStorageGb: 100, apiRequestsPerMinute: 600 },
    })
  })

  test('has no price where it is by quote, and no number where it is unlimited', async () => {
    expect(await bodyOf(await request('/v1/plans/enterprise'))).toMatchObject({
      priceMonthlyMinor: null,
      priceYearlyMinor: null,
      limits: { maxUsers: null },
    })
  })

  test('lists plans by tier and features by name, in pages that neither skip nor repeat', async () => {
    expect(await walk('/v1/plans', 2)).toEqual([['free', 'starter'], ['professional', 'business'], ['enterprise']])
    expect(await walk('/v1/plans', 5)).toHaveLength(1)
    const features = (await walk('/v1/features', 5)).flat()
    expect(features).toHaveLength(14)
    expect(features).toEqual([...features].sort())
  })

  test('shows a feature to the letter', async () => {
    expect(await bodyOf(await request('/v1/features/sso_oauth'))).toEqual({
      name: 'sso_oauth',
      displayName: 'Single sign-on',
      description: "Sign in with your organisation's identity provider",
      category: 'authentication',
    })
  })

  test('does not know what there is not', async () => {
    for (const path of [
      '/v1/plans/gold',
      '/v1/plans/FREE',
      '/v1/plans/constructor',
      '/v1/features/gold',
      '/v1/features/__proto__',
    ])
      await expectProblem(await request(path), 'not-found')
  })

  test('in one piece has roles, permissions, plans and features, with its version', async () => {
    const whole = await bodyOf<{ version: number } & Record<string, Item[]>>(await request('/v1/catalogue'))
    expect(Object.keys(whole).sort()).toEqual(['features', 'permissions', 'plans', 'roles', 'version'])
    expect([whole.roles?.length, whole.permissions?.length, whole.plans?.length, whole.features?.length]).toEqual([
      5, 12, 5, 14,
    ])
    expect(whole.roles?.find(({ name }) => name === 'guest')).toEqual({
      name: 'guest',
      description: 'Looks around',
      privilegeLevel: 0,
      permissions: ['profile.read'],
    })
  })

  test('neither skips nor repeats where the database sorts as a dictionary does', async () => {
    await sql.unsafe('alter table features alter column name type slug collate "en-x-icu"')
    const names = ['api2', 'api_z', 'sso', 'sso2', 'sso_x']
    for (const name of names)
      await sql`insert into features (name, display_name, category) values (${name}, ${name}, 'x')`
    await reloadCatalogue(app)
    const whole = (await walk('/v1/features', 100)).flat()
    expect(whole).toEqual(whole.toSorted())
    for (const limit of [1, 2, 3, 7]) expect((await walk('/v1/features', limit)).flat()).toEqual(whole)
  })

  test('offers nothing that is retired, to anybody', async () => {
    await sql`update subscription_plans set retired_at = now() where name = 'starter'`
    await sql`update features set retired_at = now() where name = 'white_label'`
    await reloadCatalogue(app)
    await expectProblem(await request('/v1/plans/starter'), 'not-found')
    await expectProblem(await request('/v1/features/white_label'), 'not-found')
    expect((await walk('/v1/plans', 100)).flat()).not.toContain('starter')
    const whole = await bodyOf<Record<string, Item[]>>(await request('/v1/catalogue'))
    expect(whole.plans?.map(({ name }) => name)).not.toContain('starter')
    expect(whole.features?.map(({ name }) => name)).not.toContain('white_label')
  })
})
