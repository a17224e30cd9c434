import { expect, test } from 'bun:test'
import { verifyAudit } from '../../src/audit/verify.ts'
import { openTestApp, type TestApp } from '../support/app.ts'
import { seal, writeRows } from './trail.ts'

async function counts({ sql }: TestApp) {
  const [row] = await sql`
    select (select count(*)::int from audit_logs) as live, (select count(*)::int from audit_archive) as archived, (select count(*)::int from audit_personal) as personal`
  return row
}

test('the archive takes sealed rows past 365 days, without what identifies people, and the trail still verifies', async () => {
  const app = await openTestApp()
  await writeRows(app, 4, 366)
  await writeRows(app, 3, 364)
  await seal(app)
  await writeRows(app, 2, 400)
  expect(await app.sql`select archive_audit()::int as moved`).toMatchObject([{ moved: 4 }])
  expect(await counts(app)).toEqual({ live: 5, archived: 4, personal: 5 })
  expect(await verifyAudit(app.deps, null)).toMatchObject({ ok: true, rows: 7, unsealed: 2 })
  // Those two were old, but waited to be sealed.
  await seal(app)
  expect(await app.sql`select archive_audit()::int as moved`).toMatchObject([{ moved: 2 }])
  expect(await verifyAudit(app.deps, null)).toMatchObject({ ok: true, rows: 9, unsealed: 0 })
})

test('a run moves the oldest 20,000 at most', async () => {
  const app = await openTestApp()
  await app.sql`
    insert into audit_logs (id, at, action, entity_type, personal_hash, key_id, mac)
    select uuid_v7(at), at, 'a.b', 'session', sha256('x'), 'k', sha256('y')
      from (select clock_timestamp() - make_interval(days => 900, secs => -n) as at from generate_series(1, 20003) n) past`
  const moved = async () => (await app.sql<{ moved: number }[]>`select archive_audit()::int as moved`)[0]?.moved
  expect(await moved()).toBe(20_000)
  const [left] = await app.sql`
    select count(*)::int as rows, bool_and(l.at > a.newest) as are_the_newest from audit_logs l, (select max(at) as newest from audit_archive) a`
  expect(left).toEqual({ rows: 3, areTheNewest: true })
  expect([await moved(), await moved()]).toEqual([3, 0])
})

test('nobody shortens the year: fewer days are taken for 365', async () => {
  const app = await openTestApp()
  await writeRows(app, 3, 364)
  await seal(app)
  expect(await app.sql`select archive_audit(0)::int as moved`).toMatchObject([{ moved: 0 }])
  expect(await app.sql`select archive_audit(-9)::int as moved`).toMatchObject([{ moved: 0 }])
})

test.each(['audit_logs', 'audit_checkpoints', 'audit_archive'])(
  '%s refuses UPDATE, DELETE and TRUNCATE, whoever asks',
  async (table) => {
    const app = await openTestApp()
    await writeRows(app, 2, 400)
    await writeRows(app, 2)
    await seal(app)
    await app.sql`select archive_audit()`
    const column = table === 'audit_checkpoints' ? 'row_count = 1' : "action = 'a.b'"
    for (const statement of [`update ${table} set ${column}`, `delete from ${table}`, `truncate ${table} cascade`])
      await expect(app.sql.unsafe(statement).then()).rejects.toThrow(`${table} is append-only`)
  },
)

test('the switch that lets the archive delete is off again behind it, in the same transaction too', async () => {
  const app = await openTestApp()
  await writeRows(app, 2)
  const failed = app.sql.begin(async (tx) => {
    await tx`select archive_audit()`
    await tx`delete from audit_logs`
  })
  await expect(failed).rejects.toThrow('append-only')
})
