import { describe, expect, test } from 'bun:test'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin' })

describe('a preview', () => {
  const preview = (bearer: string, json: object) => request('/v1/subscription/preview', { bearer, json })

  test('tells a trial: what is gained, now, for nothing', async () => {
    const { bearer } = await signedIn(app)
    const found = await bodyOf<{ when: string }>(await preview(bearer, { plan: 'starter' }))
    expect(found).toMatchObject({
      plan: 'starter',
      gained: ['data_export', 'priority_support'],
      lost: [],
      cost: { amountMinor: 0, currency: 'USD', interval: 'month', trialDays: 14 },
    })
    expect(Math.abs(Date.parse(found.when) - Date.now())).toBeLessThan(60_000)
  })

  test('tells what a plan costs whose trial was had, or that cannot be tried now: as subscribing then does', async () => {
    const { id, bearer } = await signedIn(app)
    await sql`insert into trials (account_id, plan) values (${id}, 'business')`
    expect(await bodyOf(await preview(bearer, { plan: 'business', interval: 'year' }))).toMatchObject({
      cost: { amountMinor: 99_990, interval: 'year', trialDays: 0 },
    })
    await expectProblem(
      await request('/v1/subscription', { bearer, json: { plan: 'business', interval: 'year' } }),
      'checkout-unavailable',
    )
    const paying = await signedIn(app, {
      plan: 'starter',
      role: 'subscriber',
      endsAt: new Date(Date.now() + 86_400_000),
    })
    expect(await bodyOf(await preview(paying.bearer, { plan: 'business' }))).toMatchObject({
      cost: { amountMinor: 9_999, trialDays: 0 },
    })
  })

  test('tells a downgrade: what is lost, at the end of the period', async () => {
    const endsAt = new Date(Date.now() + 5 * 86_400_000)
    const { bearer } = await signedIn(app, { plan: 'professional', role: 'subscriber', endsAt })
    expect(await bodyOf(await preview(bearer, { plan: 'free' }))).toMatchObject({
      gained: [],
      lost: [
        'advanced_reporting',
        'data_export',
        'premium_dashboard',
        'priority_support',
        'team_collaboration',
        'webhook_support',
      ],
      when: endsAt.toISOString(),
      cost: { amountMinor: 0 },
    })
  })

  test('counts no feature as gained or lost that the person’s own override decides', async () => {
    const endsAt = new Date(Date.now() + 86_400_000)
    const { id, bearer } = await signedIn(app, { plan: 'starter', role: 'subscriber', endsAt })
    const override = (name: string, granted: boolean) =>
      request(`/v1/admin/users/${id}/features/${name}`, {
        method: 'PUT',
        bearer: root.bearer,
        json: { granted, reason: 'agreed' },
      })
    await override('premium_dashboard', true)
    await override('webhook_support', false)
    await override('priority_support', true)
    expect(await bodyOf(await preview(bearer, { plan: 'professional' }))).toMatchObject({
      gained: ['advanced_reporting', 'team_collaboration'],
      lost: [],
    })
    expect(await bodyOf(await preview(bearer, { plan: 'free' }))).toMatchObject({ gained: [], lost: ['data_export'] })
  })

  test('knows no price of a plan by quote, and changes nothing', async () => {
    const { id, bearer } = await signedIn(app)
    expect(await bodyOf(await preview(bearer, { plan: 'enterprise' }))).toMatchObject({ cost: null })
    await expectProblem(await preview(bearer, { plan: 'platinum' }), 'validation-failed')
    expect(await sql`select 1 from user_subscriptions where account_id = ${id}`).toHaveLength(1)
  })
})
