import { describe, expect, test } from 'bun:test'
import { createHeartbeat } from '../../src/ops/heartbeat.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const root = await signedIn(app, { role: 'superadmin' })

type Instance = { id: string; status: string; version: string; feedAgeMs: number; memoryBytes: number; host: string }
type Operations = { answeredBy: string; instances: Instance[]; queues: Record<string, Record<string, unknown>> }

async function operations(): Promise<Operations> {
  const answer = await request('/v1/admin/operations', { bearer: root.bearer })
  expect(answer.status).toBe(200)
  return bodyOf<Operations>(answer)
}
const givenHeartbeat = (options: object = {}) =>
  createHeartbeat({ ...deps, instance: { id: Bun.randomUUIDv7() }, ...options })
const found = async (id: string) => (await operations()).instances.find((one) => one.id === id)

describe('an instance', () => {
  test('is seen by all from its first heartbeat, and no more once it stopped', async () => {
    const heartbeat = createHeartbeat(deps)
    expect(await found(deps.instance.id)).toBeUndefined()
    await heartbeat.beat()
    const { answeredBy, instances } = await operations()
    expect(answeredBy).toBe(deps.instance.id)
    expect(instances.find(({ id }) => id === answeredBy)).toMatchObject({
      status: 'ok',
      version: expect.stringMatching(/^\d/),
      host: expect.stringMatching(/./),
      memoryBytes: expect.any(Number),
    })
    await heartbeat.stop()
    expect(await found(deps.instance.id)).toBeUndefined()
  })

  test('says how it is: draining, without Redis, without its feed', async () => {
    const states = {
      draining: { lifecycle: { draining: true } },
      degraded: { redis: { isUp: () => false } },
      failing: { feed: { isStale: () => true, ageMs: () => Number.POSITIVE_INFINITY } },
    }
    for (const [status, options] of Object.entries(states)) {
      const id = Bun.randomUUIDv7()
      await givenHeartbeat({ instance: { id }, ...options }).beat()
      expect(await found(id)).toMatchObject({ status })
    }
  })

  test('is silent after 30 s and forgotten after an hour, by the clock of the database', async () => {
    const [alive, silent, gone] = [Bun.randomUUIDv7(), Bun.randomUUIDv7(), Bun.randomUUIDv7()]
    for (const id of [alive, silent, gone]) await givenHeartbeat({ instance: { id } }).beat()
    await sql`update instances set seen_at = clock_timestamp() - interval '31 seconds' where id = ${silent}`
    await sql`update instances set seen_at = clock_timestamp() - interval '61 minutes' where id = ${gone}`
    expect([await found(alive), await found(silent), await found(gone)].map((one) => one?.status)).toEqual([
      'ok',
      'silent',
      'silent',
    ])
    await givenHeartbeat({ instance: { id: alive } }).beat()
    expect(await found(gone)).toBeUndefined()
    expect(await found(silent)).toMatchObject({ status: 'silent' })
    await givenHeartbeat({ instance: { id: silent } }).beat()
    expect(await found(silent)).toMatchObject({ status: 'ok' })
  })

  test('that cannot write says so once, and goes on', async () => {
    const id = Bun.randomUUIDv7()
    const warned: string[] = []
    const heartbeat = givenHeartbeat({
      instance: { id },
      log: { warn: (_: unknown, message: string) => void warned.push(message) },
    })
    await sql`alter table instances rename to hidden`
    try {
      await heartbeat.beat()
      await heartbeat.beat()
    } finally {
      await sql`alter table hidden rename to instances`
    }
    expect(warned).toHaveLength(1)
    await heartbeat.beat()
    expect(await found(id)).toMatchObject({ status: 'ok' })
    await heartbeat.stop()
  })
})

test('what waits is counted for all instances', async () => {
  const id = Bun.randomUUIDv7()
  await sql`
    insert into mail_outbox (id, recipient, language, template, message_id, status, attempts, ended_at, created_at)
    values (${id}, 'x@people.test', 'en', 'reset-password', ${`<${id}@x>`}, 'failed', 1, now(), now()),
           (${Bun.randomUUIDv7()}, 'x@people.test', 'en', 'reset-password', '<of-another@x>', 'queued', 0, null, now() - interval '90 seconds')`
  await sql`
    insert into billing_events (id, provider, event_id, type, status, ended_at)
    values (${id}, 'sandbox', ${id}, 'example', 'failed', now())`
  const { queues } = await operations()
  expect(queues.mail).toMatchObject({ failed: 1, on: true })
  expect(queues.mail?.queued as number).toBeGreaterThanOrEqual(1)
  expect(queues.mail?.oldestSeconds as number).toBeGreaterThanOrEqual(90)
  expect(queues.billingEvents).toMatchObject({ queued: 0, failed: 1, oldestSeconds: 0 })
  expect(queues.webhooks).toEqual({ queued: 0, oldestSeconds: 0, failing: 0, disabled: 0 })
})
