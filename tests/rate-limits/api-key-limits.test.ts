import { describe, expect, test } from 'bun:test'
import { mintApiKey } from '../../src/api-keys/format.ts'
import { givenAccount } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({ RATE_LIMIT_GLOBAL: '20/1m', RATE_LIMIT_API: 'plan' })
const { request, deps } = app
const lookUps = () => deps.apiKeys.stats().lookUps
const me = (bearer: string, ip: string) => request('/v1/me', { bearer, ip })

describe('the tier of addresses', () => {
  test('bounds what a flood of keys that nobody has may ask the database, and refuses before it asks', async () => {
    const before = lookUps()
    const answers = await Promise.all(Array.from({ length: 200 }, () => me(mintApiKey().key, '192.0.2.1')))
    const counts = Map.groupBy(answers, ({ status }) => status)
    expect([counts.get(401)?.length, counts.get(429)?.length]).toEqual([20, 180])
    expect(lookUps() - before).toBe(20)
    for (const answer of counts.get(401) ?? []) expect(answer.headers.get('ratelimit')).toStartWith('limit=20,')
    await expectProblem(await request('/v1/plans', { ip: '192.0.2.1' }), 'rate-limited')
  })

  test('counts such a key once for a request, on guarded routes and on public ones', async () => {
    for (const path of ['/v1/me', '/v1/plans']) {
      const ip = path === '/v1/me' ? '192.0.2.2' : '192.0.2.3'
      for (let left = 19; left >= 17; left--) {
        const answer = await request(path, { bearer: mintApiKey().key, ip })
        expect(answer.headers.get('ratelimit')).toStartWith(`limit=20, remaining=${left},`)
      }
    }
  })

  test('gives back what good keys cost that are new here: they never use an address up', async () => {
    const owner = await givenAccount(app)
    const ip = '192.0.2.4'
    for (let i = 0; i < 25; i++) expect((await me((await givenApiKey(app, owner.id)).key, ip)).status).toBe(200)
    const answer = await request('/v1/plans', { ip })
    expect(answer.headers.get('ratelimit')).toStartWith('limit=20, remaining=19,')
  })
})

describe('the tier of accounts', () => {
  test('counts a person’s tokens and keys together, at the rate of the plan', async () => {
    const owner = await signedIn(app)
    const keys = await Promise.all([givenApiKey(app, owner.id), givenApiKey(app, owner.id)])
    const bearers = [owner.bearer, ...keys.map(({ key }) => key)]
    const answers = await Promise.all(Array.from({ length: 90 }, (_, i) => me(bearers[i % 3] ?? '', `198.51.100.${i}`)))
    const counts = Map.groupBy(answers, ({ status }) => status)
    expect([counts.get(200)?.length, counts.get(429)?.length]).toEqual([60, 30])
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('60;w=60')
  })

  test('is judged before what is closed to keys', async () => {
    const owner = await givenAccount(app)
    const { key } = await givenApiKey(app, owner.id)
    for (let i = 0; i < 60; i++)
      await expectProblem(await request('/v1/api-keys', { bearer: key }), 'api-key-not-allowed')
    await expectProblem(await request('/v1/api-keys', { bearer: key }), 'rate-limited')
  })
})
