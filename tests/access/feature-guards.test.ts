import { describe, expect, test } from 'bun:test'
import { requireAnyFeature, requireFeature, requireSubscription, requireTier } from '../../src/access/feature-guards.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { guardedBy, reloadCatalogue } from '../support/guarded.ts'
import { expectProblem, type Problem } from '../support/problems.ts'

const app = await openTestApp()
const { sql } = app
// Beside the seeded ones: a plan without a trial, one that is retired though cheap, and a feature in no plan.
await sql`insert into features (name, display_name, category) values ('night_mode', 'Night mode', 'platform'), ('dream_diary', 'Dream diary', 'platform')`
await sql`insert into subscription_plans (name, display_name, tier, price_monthly_minor, price_yearly_minor, retired_at) values
  ('nights', 'Nights', 20, 1500, 15000, null), ('relic', 'Relic', 60, 1, 10, now())`
await sql`insert into plan_features (plan, feature) values ('nights', 'night_mode'), ('relic', 'night_mode'), ('relic', 'sso_oauth'), ('enterprise', 'night_mode')`
await reloadCatalogue(app)

const plans = ['free', 'starter', 'nights', 'professional', 'business', 'enterprise'] as const
const bearers = Object.fromEntries(
  await Promise.all(
    plans.map(async (plan) => [plan, (await logIn(app, await givenAccount(app, { plan }))).accessToken] as const),
  ),
)
const tokenOf = (plan: (typeof plans)[number]) => bearers[plan] ?? ''
const professional = {
  plan: 'professional',
  displayName: 'Professional',
  tier: 50,
  priceMonthlyMinor: 2999,
  currency: 'USD',
  trialDays: 14,
  checkout: 'trial',
}
const enterprise = {
  plan: 'enterprise',
  displayName: 'Enterprise',
  tier: 100,
  priceMonthlyMinor: null,
  currency: 'USD',
  trialDays: 30,
  checkout: 'contact',
}
const nights = {
  plan: 'nights',
  displayName: 'Nights',
  tier: 20,
  priceMonthlyMinor: 1500,
  currency: 'USD',
  trialDays: 0,
  checkout: 'purchase',
}
const business = { ...professional, plan: 'business', displayName: 'Business', tier: 70, priceMonthlyMinor: 9999 }

/** The members that a denial brings beside those of every problem. */
function ownMembers({ type, title, status, detail, instance, code, requestId, ...members }: Problem) {
  return members
}

describe('requireFeature', () => {
  test('admits the plans that include it', async () => {
    const ask = guardedBy(app, requireFeature('premium_dashboard'))
    const statuses = await Promise.all(plans.map(async (plan) => (await ask(tokenOf(plan))).status))
    expect(statuses).toEqual([403, 403, 403, 200, 200, 200])
  })

  test('names what is missing and the cheapest plan that unlocks it, to be tried, bought or asked for', async () => {
    for (const [feature, upgrade] of [
      ['premium_dashboard', professional],
      ['night_mode', nights],
      ['white_label', enterprise],
    ] as const) {
      const problem = await expectProblem(
        await guardedBy(app, requireFeature(feature))(tokenOf('free')),
        'feature-not-in-plan',
      )
      expect(ownMembers(problem)).toEqual({ requiredFeatures: [feature], missingFeatures: [feature], upgrade })
    }
  })

  test('of several, demands all and offers the plan that has all, not one that has only the missing', async () => {
    const ask = guardedBy(app, requireFeature('data_export', 'premium_dashboard', 'night_mode'))
    const problem = await expectProblem(await ask(tokenOf('professional')), 'feature-not-in-plan')
    expect(ownMembers(problem)).toEqual({
      requiredFeatures: ['data_export', 'premium_dashboard', 'night_mode'],
      missingFeatures: ['night_mode'],
      upgrade: enterprise,
    })
    expect((await ask(tokenOf('enterprise'))).status).toBe(200)
  })

  test('offers nothing where no plan helps, and never a retired one', async () => {
    for (const [features, upgrade] of [
      [['dream_diary'], null],
      [['night_mode', 'sso_oauth'], enterprise],
      [['no_such_feature'], null],
    ] as const) {
      const [first = '', ...rest] = features
      const problem = await expectProblem(
        await guardedBy(app, requireFeature(first, ...rest))(tokenOf('free')),
        'feature-not-in-plan',
      )
      expect(problem.upgrade).toEqual(upgrade)
    }
  })
})

describe('requireAnyFeature', () => {
  const ask = guardedBy(app, requireAnyFeature('premium_dashboard', 'night_mode'))

  test('admits whoever has one of them', async () => {
    for (const plan of ['nights', 'professional', 'enterprise'] as const)
      expect((await ask(tokenOf(plan))).status).toBe(200)
  })

  test('refuses who has none, and offers the cheapest plan with any', async () => {
    const problem = await expectProblem(await ask(tokenOf('starter')), 'feature-not-in-plan')
    expect(ownMembers(problem)).toEqual({
      requiredFeatures: ['premium_dashboard', 'night_mode'],
      missingFeatures: ['premium_dashboard', 'night_mode'],
      upgrade: nights,
    })
  })
})

describe('requireTier', () => {
  test('admits its tier and those above', async () => {
    const statuses = await Promise.all(
      plans.map(async (plan) => (await guardedBy(app, requireTier(50))(tokenOf(plan))).status),
    )
    expect(statuses).toEqual([403, 403, 403, 200, 200, 200])
  })

  test('offers the cheapest plan of that tier or above', async () => {
    for (const [tier, upgrade] of [
      [50, professional],
      [51, business],
      [100, enterprise],
      [101, null],
    ] as const) {
      const problem = await expectProblem(await guardedBy(app, requireTier(tier))(tokenOf('free')), 'tier-too-low')
      expect(ownMembers(problem)).toEqual({ requiredTier: tier, upgrade })
    }
  })
})

test('requireSubscription admits every plan but free', async () => {
  const ask = guardedBy(app, requireSubscription)
  await expectProblem(await ask(tokenOf('free')), 'subscription-required')
  for (const plan of plans.slice(1)) expect((await ask(tokenOf(plan))).status).toBe(200)
})

test('every plan unlocks what the catalogue says, feature by feature', async () => {
  const unlocked = {
    free: 'api_access',
    starter: 'data_export priority_support',
    professional: 'webhook_support premium_dashboard advanced_reporting team_collaboration',
    business: 'sso_oauth phone_support audit_logs ip_whitelisting custom_branding',
    enterprise: 'unlimited_storage white_label',
  }
  const features = Object.values(unlocked).join(' ').split(' ')
  expect(features).toHaveLength(14)
  const included = new Set<string>()
  for (const [plan, more] of Object.entries(unlocked)) {
    for (const feature of more.split(' ')) included.add(feature)
    for (const feature of features) {
      const { status } = await app.request(`/v1/entitlements/${feature}`, {
        bearer: tokenOf(plan as keyof typeof unlocked),
      })
      expect(`${plan} ${feature} ${status}`).toBe(`${plan} ${feature} ${included.has(feature) ? 200 : 403}`)
    }
  }
})
