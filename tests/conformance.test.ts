import { expect, test } from 'bun:test'
import { registered } from './support/accounts.ts'
import { bodyOf, openTestApp } from './support/app.ts'
import { checked } from './support/conformance.ts'

const service = await openTestApp()
const { accessToken } = await registered(service)
const me = await bodyOf(await service.request('/v1/me', { bearer: accessToken }))

const headers = { 'X-Request-Id': 'x', 'Cache-Control': 'no-store', 'Content-Type': 'application/json' }
const asProblem = { 'Content-Type': 'application/problem+json' }
const missing = {
  type: 'https://x.test/problems/not-found',
  title: 'x',
  status: 404,
  detail: 'x',
  instance: '/',
  code: 'not-found',
  requestId: 'x',
}

function judge(path: string, body: unknown, init: { status?: number; headers?: Record<string, string> } = {}) {
  const answer = new Response(body === null ? null : JSON.stringify(body), {
    status: 200,
    ...init,
    headers: { ...headers, ...init.headers },
  })
  return checked(service.app, new Request(`http://localhost${path}`), answer)
}

test('an answer as the document says passes, and can still be read', async () => {
  expect(await bodyOf(await judge('/v1/me', me))).toEqual(me)
  await judge('/v1/plans/x', missing, { status: 404, headers: asProblem })
  await judge('/v1/nowhere', missing, { status: 404, headers: asProblem })
})

test.each([
  ['a member that nobody declared', { ...me, secret: 1 }],
  ['one deep inside', { ...me, plan: { name: 'free', displayName: 'Free', tier: 0, price: 1 } }],
  ['a member that is missing', { ...me, email: undefined }],
  ['another type', { ...me, emailVerified: 'yes' }],
  ['a value out of its list', { ...me, status: 'gone' }],
  ['a number out of its range', { ...me, privilegeLevel: 101 }],
  ['a time that is none', { ...me, createdAt: 'yesterday' }],
])('%s does not', async (_, body) => {
  expect(judge('/v1/me', body)).rejects.toThrow('is not what the OpenAPI document says')
})

test.each([
  ['a status', '/v1/me', me, { status: 202 }],
  ['a media type', '/v1/me', me, { headers: { 'Content-Type': 'text/plain' } }],
  ['a problem of another status', '/v1/plans/x', missing, { status: 400, headers: asProblem }],
  ['a problem of another route', '/v1/plans/x', { ...missing, code: 'in-use' }, { status: 404, headers: asProblem }],
  ['a member of a problem', '/v1/plans/x', { ...missing, upgrade: null }, { status: 404, headers: asProblem }],
  ['a code', '/v1/nowhere', { ...missing, code: 'nowhere' }, { status: 404, headers: asProblem }],
  ['a body where no route is', '/v1/nowhere', me, {}],
  ['a header', '/v1/me', me, { headers: { 'X-Secret': '1' } }],
  ['a header of other routes', '/live', { status: 'ok' }, { headers: { RateLimit: 'limit=1' } }],
])('%s that the document leaves out does not', async (_, path, body, init) => {
  expect(judge(path, body, init)).rejects.toThrow(/OpenAPI document|no JSON/)
})

test('a header that the document promises must be there', async () => {
  expect(judge('/v1/plans', { items: [], nextCursor: null })).rejects.toThrow('lacks the promised ETag')
})

test('every answer of a test app is judged so, unless the test asks for none', async () => {
  const careless = await openTestApp({}, { conforming: false })
  for (const { deps } of [service, careless]) deps.passwords.stats = () => ({ running: -1, waiting: 0 })
  expect(service.request('/health')).rejects.toThrow('is not what the OpenAPI document says')
  expect((await careless.request('/health')).status).toBe(200)
})
