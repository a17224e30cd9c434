import { expect, test } from 'bun:test'
import { readAuditState } from '../../../src/admin/audit/state.ts'
import { operator, role } from '../../../src/audit/actor.ts'
import { momentOf } from '../../../src/audit/row-ids.ts'
import { verifySeals } from '../../../src/audit/verify-seals.ts'
import { seal, writeRows } from '../../audit/trail.ts'
import { givenAccount, logIn } from '../../support/accounts.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const { accessToken: bearer } = await logIn(app, await givenAccount(app, { role: 'admin' }))
const state = async () => bodyOf<Record<string, unknown>>(await request('/v1/admin/audit-logs/state', { bearer }))
const count = async () => (await sql<{ n: number }[]>`select count(*)::int as n from audit_logs`)[0]?.n ?? 0
const newest = async () =>
  (await sql<{ id: string }[]>`select id from audit_logs order by id desc limit 1`)[0]?.id ?? ''

test('the state of the trail: what is new, what is sealed, what was verified; asking is not recorded', async () => {
  const first = await newest()
  const rows = await count()
  expect(await state()).toEqual({
    newestEntry: first,
    seal: null,
    unsealed: { entries: rows, since: expect.any(String) },
    verification: { status: 'unknown', fault: null, seals: null, whole: null },
  })
  expect(await count()).toBe(rows)
  await seal(app)
  await sql.begin((tx) => verifySeals(tx, deps))
  const verified = { verifiedAt: expect.any(String), upTo: 1, seals: 1, entries: rows }
  expect(await state()).toEqual({
    newestEntry: first,
    seal: { number: 1, sealedAt: expect.any(String), entries: rows, upTo: { id: first, at: momentOf(first) } },
    unsealed: { entries: 0, since: null },
    verification: { status: 'sound', fault: null, seals: verified, whole: null },
  })
})

test('a seal that nobody verifies for ten minutes is not told as sound', async () => {
  await writeRows(app, 2)
  await seal(app)
  const { number, sealedAt } = (await state()).seal as { number: number; sealedAt: string }
  const readAt = (now: number) => readAuditState({ ...deps, now: () => now }, crypto.randomUUID())
  const sealed = Date.parse(sealedAt)
  expect((await readAt(sealed + 600_000)).verification.status).toBe('sound')
  expect((await readAt(sealed + 600_001)).verification).toMatchObject({ status: 'unknown', fault: null })
  await sql.begin((tx) => verifySeals(tx, deps))
  expect((await readAt(sealed + 600_001)).verification).toMatchObject({ status: 'sound', seals: { upTo: number } })
})

test('a reading of the trail is nothing new: who waits for it would wait for themselves', async () => {
  const { newestEntry } = await state()
  // Ids of one millisecond have no order.
  app.clock.advance(1)
  expect((await request('/v1/admin/audit-logs', { bearer })).status).toBe(200)
  expect(await newest()).not.toBe(String(newestEntry))
  expect((await state()).newestEntry).toBe(newestEntry)
  app.clock.advance(1)
  await deps.audit.record(sql, operator, 'role.update', role('admin'))
  expect((await state()).newestEntry).toBe(await newest())
})

test('checkpoints that nobody signed are no seals', async () => {
  await writeRows(app, 3)
  await seal(app)
  const { seal: last } = await state()
  await sql`
    insert into audit_checkpoints (id, sealed_at, row_count, audit_ids, digest, key_id, mac)
    select 1000 + i, clock_timestamp(), 1, array[gen_random_uuid()], sha256('digest'), 'deadbeef', sha256('mac') from generate_series(1, 12) i`
  expect((await state()).seal).toEqual(last)
  await sql`
    insert into audit_checkpoints (id, sealed_at, row_count, audit_ids, digest, key_id, mac)
    select 2000 + i, clock_timestamp(), 1, array[gen_random_uuid()], sha256('digest'), 'deadbeef', sha256('mac') from generate_series(1, 12) i`
  // How many are passed over is bounded: who looks finds none rather than waits.
  expect((await state()).seal).toBeNull()
})
