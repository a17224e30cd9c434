import { describe, expect, test } from 'bun:test'
import { table } from './matrix-table.ts'
import { openTestApp } from './support/app.ts'
import { everyRoute, good } from './support/every-route.ts'
import { withProviders } from './support/journeys.ts'
import { expectProblem } from './support/problems.ts'

/** Configured, so that its routes judge their input; nobody is asked. */
const provider = { id: 'google', displayName: 'Google', issuer: 'http://127.0.0.1:9', clientId: 'x' }
const app = await openTestApp(withProviders(provider))
const { routes, signIn, send } = await everyRoute(app)

describe('on every route', () => {
  // Providers append what they like to their return: tests/sso/refusals.test.ts.
  const returns = 'GET /v1/auth/oidc/:provider/callback'
  const inApi = routes.filter(({ route, path }) => path.startsWith('/v1/') && route !== returns)
  const parameters = {
    'an unknown parameter': 'isAdmin=true',
    'one of another spelling': 'Limit=5&LIMIT=5',
    'one that is no text': 'x=%ff',
    'half an escape': 'x=%',
    NUL: 'x=%00',
    'the name of a prototype': '__proto__=1',
  }
  for (const [name, parameter] of Object.entries(parameters))
    test(`${name} in the query is refused`, async () => {
      for (const { route, method, path, row } of inApi) {
        const bearer = row.spends ? await signIn() : undefined
        const body = row.json && JSON.stringify(good(row))
        const answer = await send({
          method,
          path: `${path}${path.includes('?') ? '&' : '?'}${parameter}`,
          body,
          bearer,
        })
        expect([route, answer.status]).toEqual([route, 422])
        await expectProblem(answer, 'validation-failed')
      }
    })

  test('an id or a name that cannot be is not found', async () => {
    const patterns = Object.keys(table).filter((route) => route.includes('/:') && route.startsWith('GET /v1'))
    const names = [
      '%00',
      '%ff',
      '%',
      '..',
      '%2e%2e',
      "'%20or%20'1'='1",
      'x'.repeat(3_000),
      '%F0%9F%98%80',
      '__proto__',
      'constructor',
      'toString',
      '-1',
      '1e999',
      '%0d%0aX: y',
    ]
    for (const pattern of patterns)
      for (const name of names) {
        const path = pattern.replace('GET ', '').replace(/:\w+/, name)
        const { status } = await send({ method: 'GET', path })
        expect([path.slice(0, 80), status]).toEqual([path.slice(0, 80), 404])
      }
  })
})

describe('pages', () => {
  const lists = [
    '/v1/plans',
    '/v1/features',
    '/v1/auth/sessions',
    '/v1/me/audit-logs',
    '/v1/admin/users',
    '/v1/admin/roles',
    '/v1/admin/subscriptions',
    '/v1/admin/teams',
  ]
  const limits = [
    '0',
    '101',
    '-1',
    '1.5',
    '1e1',
    '0x10',
    '',
    ' 5',
    '5%20',
    '%D9%A5',
    '99999999999999999999',
    'NaN',
    '5;drop',
    '5&limit=6',
  ]
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const cursors = [
    'x',
    '%20',
    'bnVsbA',
    encode({}),
    encode([]),
    encode([1, 2, 3]),
    encode(["' or 1=1"]),
    encode([{ $gt: '' }]),
    encode([null, null]),
    encode(['\u0000', '\u0000']),
    'A'.repeat(2_048),
  ]

  for (const path of lists) {
    test(`${path}: a limit is a whole number from 1 to 100`, async () => {
      for (const limit of limits)
        await expectProblem(await send({ method: 'GET', path: `${path}?limit=${limit}` }), 'validation-failed')
      for (const limit of ['1', '100'])
        expect((await send({ method: 'GET', path: `${path}?limit=${limit}` })).status).toBe(200)
    })

    test(`${path}: a cursor is one that was given out`, async () => {
      for (const cursor of cursors)
        await expectProblem(await send({ method: 'GET', path: `${path}?cursor=${cursor}` }), 'invalid-cursor')
      await expectProblem(
        await send({ method: 'GET', path: `${path}?cursor=${'A'.repeat(2_049)}` }),
        'validation-failed',
      )
    })
  }
})
