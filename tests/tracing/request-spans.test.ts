import { expect, test } from 'bun:test'
import { runJobNow } from '../../src/jobs/runner.ts'
import { givenAccount } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { openOtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts'

const collector = openOtlpReceiver()
const app = await openTestApp({
  LOG_LEVEL: 'info',
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%2Cb',
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=unused',
  OTEL_SERVICE_NAME: 'manas',
})

const traceId = (n: number) => (n + 1).toString(16).padStart(32, '0')
const parentId = 'b7ad6b7169203331'
const parented = (n: number, flags = '01') => ({ traceparent: `00-${traceId(n)}-${parentId}-${flags}` })
const [login, unsampled, missing, probe] = [101, 102, 103, 104] as const
const parallel = Array.from({ length: 12 }, (_, i) => i)

const person = await givenAccount(app)
const loggedIn = await app.request('/v1/auth/login', {
  json: { email: person.email, password: person.password },
  headers: parented(login),
})
const { accessToken: bearer, refreshToken } = await bodyOf<SessionJson>(loggedIn)
await Promise.all(
  parallel.map((i) => app.request(i % 2 ? '/v1/auth/sessions' : '/v1/me', { bearer, headers: parented(i) })),
)
await app.request('/v1/me', { bearer, headers: parented(unsampled, '00') })
await app.request(`/canary-path/${person.id}`, { bearer, headers: parented(missing) })
await app.request('/v1/plans?canary-name=canary-value', { headers: { 'User-Agent': 'canary-agent' } })
await app.request('/live', { headers: parented(probe) })
await app.request('/v1/plans', { headers: { traceparent: '00-canary-of-a-broken-header-01' } })
await runJobNow(app.deps, 'end-expired')
await app.deps.tracer?.close(10_000)

const spans = collector.spans()
const of = (n: number) => spans.filter((span) => span.traceId === traceId(n))
const serverOf = (n: number) => of(n).find(({ kind }) => kind === 2)
const childrenOf = (span: ReceivedSpan | undefined) => spans.filter(({ parentSpanId }) => parentSpanId === span?.spanId)

test('a request is a span of its caller’s trace, named by its route', () => {
  const server = serverOf(login)
  expect(server).toMatchObject({
    name: 'POST /v1/auth/login',
    parentSpanId: parentId,
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/v1/auth/login',
      'http.response.status_code': 200,
      'manas360.request.id': loggedIn.headers.get('x-request-id') ?? '',
    },
  })
  expect(Number(server?.endTimeUnixNano)).toBeGreaterThan(Number(server?.startTimeUnixNano))
})

test('within it stand the wait for argon2 and its hash, transactions and statements by name', () => {
  const names = of(login).map(({ name }) => name)
  for (const name of ['argon2', 'argon2 wait', 'transaction']) expect(names).toContain(name)
  const statements = of(login).filter(({ attributes }) => attributes['db.system.name'] === 'postgresql')
  expect(statements.length).toBeGreaterThanOrEqual(2)
  for (const { name, kind, attributes } of statements) {
    expect([name, kind]).toEqual([String(attributes['db.query.summary']), 3])
    expect(name).toMatch(/^(?:SELECT|INSERT|UPDATE|DELETE)\b/)
    expect(attributes['db.query.text']).toMatch(/\$1/)
  }
  const transaction = of(login).find(({ name }) => name === 'transaction')
  expect(childrenOf(transaction).length).toBeGreaterThan(0)
  expect(childrenOf(serverOf(login)).map(({ name }) => name)).toContain('argon2')
})

test('requests at the same time stay apart: every span of a trace descends from its own request', () => {
  for (const i of parallel) {
    const server = serverOf(i)
    expect(server?.name).toBe(i % 2 ? 'GET /v1/auth/sessions' : 'GET /v1/me')
    const known = new Set([parentId, ...of(i).map(({ spanId }) => spanId)])
    expect(of(i).every(({ parentSpanId = '' }) => known.has(parentSpanId))).toBeTrue()
    expect(of(i).filter(({ kind }) => kind === 2)).toHaveLength(1)
  }
})

test('a trace that its caller does not record is not recorded here, but its id is on the log line', () => {
  expect(of(unsampled)).toEqual([])
  expect(app.lines.filter((line) => line.includes(`"trace_id":"${traceId(unsampled)}"`))).toHaveLength(1)
})

test('a path without a route has no name of its own, and a broken header begins a new trace', () => {
  expect(serverOf(missing)).toMatchObject({ name: 'GET', attributes: { 'manas360.problem': 'not-found' } })
  const plans = spans.find(({ name }) => name === 'GET /v1/plans')
  expect(plans?.parentSpanId || undefined).toBeUndefined()
})

test('probes leave nothing', () => {
  expect(of(probe)).toEqual([])
})

test('a job is a trace of its own', () => {
  const job = spans.find(({ name }) => name === 'job end-expired')
  expect(job?.parentSpanId || undefined).toBeUndefined()
  expect(childrenOf(job).length).toBeGreaterThan(0)
})

test('log lines carry the ids of their request’s span', () => {
  const line = app.lines.map((text) => JSON.parse(text)).find(({ trace_id }) => trace_id === traceId(login))
  expect(line).toMatchObject({ path: '/v1/auth/login', span_id: serverOf(login)?.spanId })
})

test('no span tells what somebody sent, or who they are', () => {
  const text = collector.batches.map(({ body }) => new TextDecoder().decode(body)).join('\n')
  for (const canary of ['canary', person.email, person.id, person.password, bearer, refreshToken, '127.0.0.1'])
    expect(text).not.toContain(canary)
})

test('batches go to the path of traces with the headers and the resource that the standard’s variables name', () => {
  const [batch] = collector.batches
  expect(batch?.path).toBe('/v1/traces')
  expect(batch?.headers.get('api-key')).toBe('a,b')
  expect(batch?.headers.get('content-type')).toBe('application/json')
  expect(collector.resource()).toMatchObject({ 'service.name': 'manas', 'deployment.environment.name': 'test' })
})
