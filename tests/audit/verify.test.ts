import { describe, expect, test } from 'bun:test'
import { sealAudit } from '../../src/audit/seal.ts'
import { parseCheckpoint, verifyAudit, verifyTrail } from '../../src/audit/verify.ts'
import type { Tx } from '../../src/db/types.ts'
import { openTestApp } from '../support/app.ts'
import { createRandom } from './random.ts'
import { tamperings } from './tamperings.ts'
import { seal, writeRows, writeTrail } from './trail.ts'

const app = await openTestApp()
const { sql, deps } = app
const trail = await writeTrail(app)
const logged = trail.checkpoints.at(-1) ?? null

const undone = Symbol('undone')

// Somebody with every right in the database may leave out any value.
await sql.unsafe(`
  alter table audit_logs alter mac drop not null, alter personal_hash drop not null;
  alter table audit_archive alter mac drop not null, alter personal_hash drop not null;
  alter table audit_checkpoints alter mac drop not null`)

/** What they could do: no trigger, foreign key or NOT NULL holds. Undone afterwards. */
async function asIntruder<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const result = Promise.withResolvers<T>()
  await sql
    .begin(async (tx) => {
      await tx`set local session_replication_role = replica`
      result.resolve(await work(tx))
      throw undone
    })
    .catch((error) => {
      if (error !== undone) result.reject(error)
    })
  return result.promise
}

test('a trail of sealed, archived, erased and waiting rows is whole', async () => {
  expect(await verifyAudit(deps, logged)).toEqual({ ok: true, rows: 120, checkpoints: 8, unsealed: 8 })
  expect(trail.archived).toHaveLength(15)
})

describe('1,000 random tamperings are each found, and the right row or checkpoint is named', () => {
  const kinds = Object.entries(tamperings)
  const batches = 20

  test.each(Array.from({ length: batches }, (_, i) => i))('part %i', async (batch) => {
    const random = createRandom(360 + batch)
    for (let i = 0; i < 1000 / batches; i++) {
      const [name, tamper] = kinds[(batch * (1000 / batches) + i) % kinds.length] ?? random(kinds)
      const { expected, verdict } = await asIntruder(async (tx) => {
        const expected = await tamper(tx, trail, random)
        return { expected, verdict: await verifyTrail(tx, deps.audit, logged) }
      })
      expect(`${name}: ${verdict.ok ? 'NOT FOUND' : verdict.fault}`).toContain(expected)
    }
  })

  test('and nothing of them is left', async () => {
    expect((await verifyAudit(deps, logged)).ok).toBeTrue()
  })
})

test('a cut tail is found with a checkpoint from the log: without it, what is left looks whole', async () => {
  const cut = tamperings['the tail is cut, rows, checkpoints and all']
  if (!cut) throw new Error('no such tampering')
  await asIntruder(async (tx) => {
    await cut(tx, trail, createRandom(1))
    expect(await verifyTrail(tx, deps.audit, null)).toMatchObject({ ok: true })
    expect(await verifyTrail(tx, deps.audit, logged)).toMatchObject({ ok: false })
  })
})

test('the stated exceptions: a row that was not sealed, and a side row, may be deleted unseen', async () => {
  await asIntruder(async (tx) => {
    await tx`delete from audit_queue where audit_id = ${trail.waiting[0] ?? ''}`
    await tx`delete from audit_logs where id = ${trail.waiting[0] ?? ''}`
    for (const side of ['audit_personal', 'audit_subjects'])
      await tx`delete from ${tx(side)} where audit_id = ${trail.waiting[0] ?? ''} or audit_id = ${trail.sealed[20] ?? ''}`
    expect(await verifyTrail(tx, deps.audit, logged)).toMatchObject({ ok: true, unsealed: 7 })
  })
})

test('an old checkpoint is not let stand behind one that was written anew in the place of its predecessor', async () => {
  await asIntruder(async (tx) => {
    const [kept] = await tx`select * from audit_checkpoints where id = 8`
    await tx`delete from audit_checkpoints where id in (7, 8)`
    await tx`
      insert into audit_queue (audit_id) select l.id from audit_logs l
       where not exists (select from audit_queue q where q.audit_id = l.id)
         and not exists (select from audit_checkpoints c where l.id = any(c.audit_ids))
         and l.id <> all(${kept?.auditIds}::uuid[])`
    expect(await sealAudit(tx, deps)).toMatchObject([{ id: 7 }])
    await tx`insert into audit_checkpoints ${tx(kept ?? {})}`
    const verdict = await verifyTrail(tx, deps.audit, null)
    expect(verdict).toEqual({ ok: false, fault: 'checkpoint 8 does not continue the one before it' })
  })
})

test('another key than the one that signed verifies nothing', async () => {
  const other = await openTestApp({
    AUDIT_KEY: 'another-key-another-key-another-key-0123456789',
    DATABASE_URL: app.databaseUrl,
  })
  const verdict = await verifyAudit(other.deps, logged)
  expect(verdict.ok ? '' : verdict.fault).toContain('which is not AUDIT_KEY')
})

test('after rotations of the key the whole trail verifies with the earlier keys, which sign nothing more', async () => {
  const keys = ['first', 'second', 'third'].map((name) => `${name}-${'0123456789abcdefghijklmnopqrstuv'}`)
  const [first = '', second = '', third = ''] = keys
  const before = await openTestApp({ AUDIT_KEY: first })
  const open = (previous: string, key: string) =>
    openTestApp({ AUDIT_KEY: key, AUDIT_KEY_PREVIOUS: previous, DATABASE_URL: before.databaseUrl })
  await writeRows(before, 20)
  await seal(before)
  const between = await open(first, second)
  await writeRows(between, 20)
  await writeRows(before, 5)
  await seal(between)
  const after = await open(`${second}, ${first}`, third)
  await writeRows(after, 20)
  await seal(after)
  await writeRows(after, 3)
  expect(await verifyAudit(after.deps, null)).toEqual({ ok: true, rows: 65, checkpoints: 3, unsealed: 3 })
  const used = await after.sql<
    { keyId: string }[]
  >`select distinct key_id from audit_logs where id in (select audit_id from audit_queue)`
  expect(used).toEqual<unknown>([{ keyId: after.deps.audit.keyId }])
  for (const forgetful of [await open(second, third), await open(first, third)])
    expect(await verifyAudit(forgetful.deps, null)).toMatchObject({ ok: false })
  await before.sql`alter table audit_logs disable trigger user`
  await before.sql`update audit_logs set action = 'account.lock' where key_id = ${before.deps.audit.keyId}`
  expect(await verifyAudit(after.deps, null)).toMatchObject({ ok: false, fault: expect.stringContaining('was edited') })
})

test('a trail that grows and is sealed while it is verified is whole as it was at one moment', async () => {
  const busy = await openTestApp()
  await writeRows(busy, 60)
  await seal(busy)
  const verdict = await verifyAudit(busy.deps, null, async (rows) => {
    if (rows > 60) return
    await writeRows(busy, 20)
    await seal(busy)
    await writeRows(busy, 10)
  })
  expect(verdict).toEqual({ ok: true, rows: 60, checkpoints: 1, unsealed: 0 })
  await seal(busy)
  expect(await verifyAudit(busy.deps, null)).toEqual({ ok: true, rows: 90, checkpoints: 3, unsealed: 0 })
})

test('a checkpoint is read from its line of the log, or by itself', () => {
  expect(parseCheckpoint({ level: 30, msg: 'audit checkpoint', checkpoint: logged })).toEqual(logged as never)
  expect(parseCheckpoint(logged)).toEqual(logged as never)
  for (const wrong of [null, 1, 'x', [], {}, { checkpoint: null }, { ...logged, mac: 'zz' }])
    expect(() => parseCheckpoint(wrong)).toThrow('holds no checkpoint')
})
