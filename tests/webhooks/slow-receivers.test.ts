import { describe, expect, test } from 'bun:test'
import { claimEndpoints } from '../../src/webhooks/delivery-queries.ts'
import { findBacklog } from '../../src/webhooks/log-queries.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { until } from '../support/server-process.ts'
import { webhookEndpoints } from '../support/webhook-endpoints.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin' })
const { openSender, givenEndpoint, makeDue } = webhookEndpoints(app, root.bearer)

/** Four receivers that answer nothing until they are let; each has a message. */
async function givenHanging() {
  const hanging = Promise.withResolvers<void>()
  const seen = { waiting: 0 }
  const answer = () => {
    seen.waiting++
    return hanging.promise.then(() => new Response(null, { status: 204 }))
  }
  const endpoints = await Promise.all(Array.from({ length: 4 }, () => givenEndpoint(answer)))
  for (const { queueTest } of endpoints) await queueTest()
  return { endpoints, seen, letGo: hanging.resolve }
}

describe('receivers that answer nothing delay nobody else’s', () => {
  test.each([
    ['that failed before', 'failing_since = clock_timestamp()', 2],
    ['that were slow before', 'is_slow = true', 2],
    ['that do so for the first time', 'updated_at = clock_timestamp()', 4],
  ])('%s', async (_name, before, maxWaiting) => {
    const { endpoints, seen, letGo } = await givenHanging()
    for (const { id } of endpoints) await sql`update webhook_endpoints set ${sql.unsafe(before)} where id = ${id}`
    const well = await givenEndpoint()
    const sender = openSender({ concurrency: 2, spare: 8, attemptMs: 60_000 })
    sender.poll()
    await until(() => seen.waiting === maxWaiting, 20, 'they hang')
    for (let i = 0; i < 3; i++) await well.queueTest()
    sender.poll()
    await until(() => well.receiver.received.length === 3, 20, 'the others arrive')
    expect(seen.waiting).toBe(maxWaiting)
    letGo()
    await sender.idle()
    await sender.stop()
    for (const endpoint of [...endpoints, well]) await endpoint.remove()
  })

  test('even when they take it in the end: from then on they wait apart', async () => {
    let isSlow = true
    const endpoint = await givenEndpoint(async () => {
      if (isSlow) await Bun.sleep(1_100)
      return new Response(null, { status: 204 })
    })
    const sender = openSender()
    const kept = async () => {
      await endpoint.queueTest()
      await sender.idle()
      const [row] = await sql<{ isSlow: boolean }[]>`select is_slow from webhook_endpoints where id = ${endpoint.id}`
      return row?.isSlow
    }
    const slow = await kept()
    isSlow = false
    // How long an answer of at once takes, the machine decides: it is slow no longer once one was quick.
    await until(async () => !(await kept()), 60, 'it is prompt again')
    expect(slow).toBe(true)
    await sender.stop()
    await endpoint.remove()
  })
})

describe('what is told of the backlog', () => {
  test('is how long the prompt ones wait; those that fail or are slow wait for themselves', async () => {
    const endpoint = await givenEndpoint()
    await endpoint.queueTest()
    await sql`update webhook_deliveries set due_at = clock_timestamp() - interval '1 hour' where endpoint_id = ${endpoint.id}`
    const waits = async (state: string) => {
      await sql`update webhook_endpoints set ${sql.unsafe(state)} where id = ${endpoint.id}`
      return (await findBacklog(sql)).oldestSeconds >= 3_600
    }
    expect([
      await waits('is_slow = false'),
      await waits('is_slow = true'),
      await waits('is_slow = false, failing_since = clock_timestamp()'),
    ]).toEqual([true, false, false])
    await endpoint.remove()
  })
})

describe('an endpoint', () => {
  test('that fails is left alone for a while, however much waits', async () => {
    const endpoint = await givenEndpoint(() => new Response(null, { status: 500 }))
    for (let i = 0; i < 3; i++) await endpoint.queueTest()
    const patient = openSender({ pauseSeconds: 3_600 })
    await patient.idle()
    await makeDue(endpoint.id)
    await patient.idle()
    // The first three were sent together: it had not failed then.
    expect(endpoint.receiver.received).toHaveLength(3)
    const eager = openSender({ pauseSeconds: 0 })
    await eager.idle()
    expect(endpoint.receiver.received.length).toBeGreaterThan(3)
    await Promise.all([patient.stop(), eager.stop()])
    await endpoint.remove()
  })

  test('that was switched off gets nothing, not even what waited', async () => {
    const endpoint = await givenEndpoint()
    await endpoint.queueTest()
    await endpoint.change({ enabled: false })
    const sender = openSender()
    await sender.idle()
    const [delivery] = await endpoint.deliveries()
    expect([delivery?.status, delivery?.lastError]).toEqual(['failed', 'The endpoint is switched off.'])
    expect(endpoint.receiver.received).toEqual([])
    await endpoint.change({ enabled: true })
    await request(`${endpoint.path}/deliveries/${delivery?.id}/redeliver`, { method: 'POST', bearer: root.bearer })
    await sender.idle()
    expect(endpoint.receiver.received).toHaveLength(1)
    await sender.stop()
    await endpoint.remove()
  })

  /** An account with twelve endpoints, each of which has a message. */
  async function givenTwelve() {
    const person = await signedIn(app, { plan: 'professional', role: 'subscriber' })
    const json = { url: 'https://hooks.example.com/', events: ['account.updated'] }
    for (let i = 0; i < 12; i++) {
      const { id } = await bodyOf<{ id: string }>(await request('/v1/webhooks', { bearer: person.bearer, json }))
      await request(`/v1/webhooks/${id}/test`, { method: 'POST', bearer: person.bearer })
    }
    return person
  }

  const claim = (crowded: string[]) =>
    claimEndpoints(sql, {
      limit: 64,
      leaseSeconds: 60,
      kind: 'prompt',
      running: [],
      perAccount: 8,
      crowded,
      pauseSeconds: 0,
    })

  test('is claimed once while its lease lasts, a few of an account at once', async () => {
    const person = await givenTwelve()
    const [first, second, third] = [await claim([]), await claim([]), await claim([])]
    expect([first.length, second.length, third.length]).toEqual([8, 4, 0])
    expect(new Set([...first, ...second].map(({ id }) => id)).size).toBe(12)
    await sql`update webhook_endpoints set leased_until = clock_timestamp() where account_id = ${person.id}`
    expect(await claim([])).toHaveLength(8)
    await sql`delete from webhook_endpoints where account_id = ${person.id}`
  })

  test('of an account takes no more than its share of places', async () => {
    const person = await givenTwelve()
    expect(await claim([person.id])).toHaveLength(0)
    const claims = await Promise.all([claim([]), claim([])])
    const ids = claims.flat().map(({ id }) => id)
    // Two at once may both begin at the same eight; nobody gets one twice.
    expect([ids.length >= 8 && ids.length <= 12, new Set(ids).size]).toEqual([true, ids.length])
    await sql`delete from webhook_endpoints where account_id = ${person.id}`
  })

  test('of an account sleeps while its plan has no webhooks, and wakes with it', async () => {
    const person = await signedIn(app, { plan: 'professional', role: 'subscriber' })
    const json = { url: 'https://name.invalid/', events: ['account.updated'] }
    const { id } = await bodyOf<{ id: string }>(await request('/v1/webhooks', { bearer: person.bearer, json }))
    const endPlan = (when: string) =>
      sql`update user_subscriptions set current_period_end = clock_timestamp() + ${when}::interval where account_id = ${person.id}`
    const rename = (lastName: string) =>
      request('/v1/me', { method: 'PATCH', bearer: person.bearer, json: { lastName } })
    const log = () => sql<{ id: string; status: string; lastError: string | null }[]>`
      select id, status, last_error from webhook_deliveries where endpoint_id = ${id} order by id`
    const sender = openSender()
    await endPlan('-1 minute')
    await rename('Rao')
    await sender.idle()
    const [missed] = await log()
    expect([missed?.status, missed?.lastError]).toEqual(['failed', 'The account has no webhooks now.'])
    await endPlan('720 hours')
    await rename('Iyer')
    const again = await request(`/v1/webhooks/${id}/deliveries/${missed?.id}/redeliver`, {
      method: 'POST',
      bearer: person.bearer,
    })
    expect(again.status).toBe(202)
    await sender.idle()
    expect((await log()).map(({ status }) => status)).toEqual(['failed', 'queued', 'queued'])
    const tried = await sql`select from webhook_deliveries where endpoint_id = ${id} and attempts = 1`
    expect(tried).toHaveLength(2)
    await sender.stop()
    await sql`delete from webhook_endpoints where id = ${id}`
  })
})
