import { describe, expect, test } from 'bun:test'
import { createDenialCounter } from '../../../src/admin/analytics/denials.ts'
import { signedIn } from '../../support/administration.ts'
import { givenApiKey } from '../../support/api-keys.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const root = await signedIn(app, { role: 'superadmin' })
const free = await signedIn(app)

type Answer = {
  from: string
  to: string
  features: { feature: string; denials: number }[]
  days: { day: string; denials: number; features: { feature: string; denials: number }[] }[]
}
const today = () => new Date(app.clock.now()).toISOString().slice(0, 10)

async function denials(query = ''): Promise<Answer> {
  const answer = await request(`/v1/admin/analytics/denials${query}`, { bearer: root.bearer })
  expect(answer.status).toBe(200)
  return bodyOf<Answer>(answer)
}
const countOf = ({ features }: Answer, feature: string) => features.find((one) => one.feature === feature)?.denials ?? 0

describe('a feature that a plan lacks', () => {
  test('is counted each time that it was refused, and by nothing else', async () => {
    const before = await denials()
    const asked = ['white_label', 'white_label', 'white_label', 'sso_oauth']
    for (const feature of asked)
      await expectProblem(await request(`/v1/entitlements/${feature}`, { bearer: free.bearer }), 'feature-not-in-plan')
    await expectProblem(await request('/v1/admin/users', { bearer: free.bearer }), 'permission-denied')
    await expectProblem(await request('/v1/entitlements/no_such_feature', { bearer: free.bearer }), 'not-found')
    await expectProblem(await request('/v1/entitlements/white_label'), 'authentication-required')
    await request('/v1/entitlements/api_access', { bearer: free.bearer })
    const after = await denials()
    expect(countOf(after, 'white_label') - countOf(before, 'white_label')).toBe(3)
    expect(countOf(after, 'sso_oauth') - countOf(before, 'sso_oauth')).toBe(1)
    expect(after.features.map(({ feature }) => feature)).not.toContain('api_access')
    expect(after.days).toHaveLength(30)
    expect(after.days.at(-1)).toMatchObject({ day: today(), features: after.features })
  })

  test('is counted for an API key, too, and once for 100 that ask at once each', async () => {
    const { key } = await givenApiKey(app, free.id)
    const before = countOf(await denials(), 'premium_dashboard')
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => request('/v1/entitlements/premium_dashboard', { bearer: key })),
    )
    for (const answer of answers) await expectProblem(answer, 'feature-not-in-plan')
    expect(countOf(await denials(), 'premium_dashboard')).toBe(before + 100)
  })

  test('is counted on the day on which it was refused, however late it is written', async () => {
    let now = Date.parse('2026-03-01T23:59:59.999Z')
    const counter = createDenialCounter({ sql, log: deps.log, now: () => now })
    counter.count(['late_feature'])
    now += 1
    counter.count(['late_feature', 'other_feature'])
    counter.count([])
    await counter.close()
    const range = await denials('?from=2026-02-28&to=2026-03-03')
    const late = (denials: number) => ({ feature: 'late_feature', denials })
    expect(range).toEqual({
      from: '2026-02-28',
      to: '2026-03-03',
      features: [late(2), { feature: 'other_feature', denials: 1 }],
      days: [
        { day: '2026-02-28', denials: 0, features: [] },
        { day: '2026-03-01', denials: 1, features: [late(1)] },
        { day: '2026-03-02', denials: 2, features: [late(1), { feature: 'other_feature', denials: 1 }] },
        { day: '2026-03-03', denials: 0, features: [] },
      ],
    })
  })
})

test('several instances add up, and none waits for ever for another', async () => {
  const now = () => Date.parse('2026-04-01T12:00:00Z')
  const counters = Array.from({ length: 4 }, () => createDenialCounter({ sql, log: deps.log, now }))
  const names = ['b_feature', 'a_feature', 'c_feature']
  for (let round = 0; round < 5; round++) {
    for (const [i, counter] of counters.entries()) counter.count(i % 2 === 0 ? names : names.toReversed())
    await Promise.all(counters.map((counter) => counter.flush()))
  }
  await Promise.all(counters.map((counter) => counter.close()))
  const { features } = await denials('?from=2026-04-01&to=2026-04-01')
  expect(features).toEqual(['a_feature', 'b_feature', 'c_feature'].map((feature) => ({ feature, denials: 20 })))
})

test('what could not be written is kept, in bounds', async () => {
  const now = () => Date.parse('2026-05-01T12:00:00Z')
  const counter = createDenialCounter({ sql, log: deps.log, now })
  for (let i = 0; i < 10_050; i++) counter.count([`f_${i}`])
  await sql`alter table feature_denials rename to hidden`
  try {
    await counter.flush()
    counter.count(['f_0'])
  } finally {
    await sql`alter table hidden rename to feature_denials`
  }
  await counter.close()
  const [row] = await sql<{ rows: number; all: number }[]>`
    select count(*)::int as rows, sum(denials)::int as all from feature_denials where day = '2026-05-01'`
  expect(row).toEqual({ rows: 10_000, all: 10_001 })
  const { features, days } = await denials('?from=2026-05-01&to=2026-05-01')
  expect(features).toHaveLength(50)
  expect(days).toMatchObject([{ denials: 10_001 }])
  expect(days[0]?.features).toHaveLength(50)
})

test('days go after 400 days', async () => {
  await sql`insert into feature_denials values (current_date - 401, 'old', 1), (current_date - 399, 'kept', 1)`
  await sql`select run_job('purge-expired')`
  const rows = await sql<{ feature: string }[]>`select feature from feature_denials where feature in ('old', 'kept')`
  expect(rows.map(({ feature }) => feature)).toEqual(['kept'])
})
