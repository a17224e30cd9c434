import { expect, test } from 'bun:test'
import { installTracer, noopSpan, type Tracer } from '../../src/tracing/tracer.ts'
import { headersOf } from '../../src/webhooks/attempt.ts'
import { claimEndpoints } from '../../src/webhooks/delivery-queries.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { webhookEndpoints } from '../support/webhook-endpoints.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const root = await signedIn(app, { role: 'superadmin' })
const { openSender, givenEndpoint } = webhookEndpoints(app, root.bearer)

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const tracer: Tracer = {
  inSpan: (_name, _options, work) => work(noopSpan),
  inTrace: (_name, _attributes, work) => work(),
  serve: (_request, work) => work(),
  describeRequest() {},
  record() {},
  headers: () => ({ traceparent }),
  logMembers: () => '',
  figures: () => ({ exported: 0, failed: 0, dropped: 0, waiting: 0 }),
  close: async () => {},
}

test('the operators’ receivers are told the trace, and those of persons are not', async () => {
  const endpoint = await givenEndpoint()
  const person = await signedIn(app, { plan: 'professional', role: 'subscriber' })
  const json = { url: 'https://hooks.example.com/', events: ['account.updated'] }
  const { id } = await bodyOf<{ id: string }>(await request('/v1/webhooks', { bearer: person.bearer, json }))
  installTracer(tracer)
  try {
    await endpoint.queueTest()
    const sender = openSender()
    await sender.idle()
    await sender.stop()
    expect(endpoint.receiver.received[0]?.headers.traceparent).toBe(traceparent)
    await request(`/v1/webhooks/${id}/test`, { method: 'POST', bearer: person.bearer })
    const claim = {
      limit: 9,
      leaseSeconds: 60,
      running: [],
      perAccount: 9,
      crowded: [],
      pauseSeconds: 0,
      kind: 'prompt',
    } as const
    const own = (await claimEndpoints(sql, claim)).find((claimed) => claimed.id === id)
    if (!own) throw new Error('it is due')
    expect(Object.keys(headersOf(deps, own, { messageId: id, body: '{}' })).sort()).toEqual([
      'webhook-id',
      'webhook-signature',
      'webhook-timestamp',
    ])
  } finally {
    installTracer(null)
  }
})
