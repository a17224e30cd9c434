import { afterAll, expect, test } from 'bun:test'
import { boundedFetch as askPaymentProvider } from '../../src/billing/providers/bounded-fetch.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { boundedFetch as askIdentityProvider } from '../../src/sso/egress.ts'
import { createTracer } from '../../src/tracing/opentelemetry.ts'
import { installTracer } from '../../src/tracing/tracer.ts'
import { openOtlpReceiver } from '../support/otlp-receiver.ts'

const collector = openOtlpReceiver()
const tracer = createTracer(
  {
    endpoint: `${collector.url}/v1/traces`,
    protocol: 'http/json',
    headers: {},
    timeoutMs: 10_000,
    sampler: 'parentbased_always_on',
    ratio: 1,
    resource: { 'service.name': 'manas360' },
  },
  () => {},
)
installTracer(tracer)
afterAll(() => installTracer(null))

const asked: Headers[] = []
const other = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request) {
    asked.push(request.headers)
    return Response.json({})
  },
})
afterAll(() => other.stop(true))

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const request = (flags: string) =>
  new Request('http://localhost/x', {
    headers: { traceparent: `00-${trace}-00f067aa0ba902b7-${flags}`, tracestate: 'vendor=canary' },
  })
const { signal } = new AbortController()
const sso = () =>
  askIdentityProvider(`${other.url}subjects/canary`, {
    headers: {},
    method: 'GET',
    body: undefined,
    redirect: 'manual',
    signal,
  })
const payment = () => askPaymentProvider(`${other.url}customers/canary`, { method: 'POST', body: '{}', signal })

await tracer.serve(request('01'), () => Promise.all([sso(), payment()]))
await tracer.serve(request('00'), payment)
await payment()
const late = Promise.withResolvers<string>()
await tracer.serve(request('01'), async () => {
  setTimeout(() => late.resolve(tracer.logMembers()), 20)
})
const afterwards = await late.promise
await tracer
  .inTrace('refused', {}, () => Promise.reject(new AppError('not-found', { detail: 'canary' })))
  .catch(() => {})
await tracer
  .inTrace('broken', {}, () => Promise.reject(Object.assign(new Error('canary'), { code: '23505' })))
  .catch(() => {})
await tracer.close(10_000)
const spans = collector.spans()

test('other systems go on with the trace, whether it is recorded or not, and get nothing that a stranger filled', () => {
  const parents = asked.map((headers) => headers.get('traceparent') ?? '')
  const [, clientSpan] = parents.slice(0, 2)
  expect(clientSpan).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`))
  expect(parents[2]).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`))
  expect(parents[3]).toBe('')
  expect(asked.map((headers) => headers.get('tracestate'))).toEqual([null, null, null, null])
})

test('a request to another system is a span with its host and status, and without its path', () => {
  const clients = spans.filter(({ kind }) => kind === 3)
  expect(clients.map(({ name }) => name).sort()).toEqual(['GET 127.0.0.1', 'POST 127.0.0.1'])
  for (const { spanId, attributes } of clients) {
    expect(attributes).toMatchObject({ 'server.address': '127.0.0.1', 'http.response.status_code': 200 })
    expect(asked.some((headers) => headers.get('traceparent')?.includes(spanId))).toBeTrue()
  }
  expect(JSON.stringify(clients)).not.toContain('canary')
})

test('what goes on after its request has ended belongs to no trace', () => {
  expect(afterwards).toBe('')
})

test('a failure tells its code and no message; a refusal is no error', () => {
  const of = (name: string) => spans.find((span) => span.name === name)
  expect(of('refused')).toMatchObject({ attributes: { 'error.type': 'not-found' }, status: { code: 0 } })
  expect(of('broken')).toMatchObject({ attributes: { 'error.type': '23505' }, status: { code: 2 } })
  expect(JSON.stringify(spans)).not.toContain('canary')
})
