import { beforeEach, describe, expect, test } from 'bun:test'
import { createAudit } from '../../src/audit/record.ts'
import { sealAudit } from '../../src/audit/seal.ts'
import { readVerifications, recordVerdict } from '../../src/audit/verifications.ts'
import { verifyAudit } from '../../src/audit/verify.ts'
import { verifySeals } from '../../src/audit/verify-seals.ts'
import { readJobRuns, runJobNow } from '../../src/jobs/runner.ts'
import { openTestApp } from '../support/app.ts'
import { clearTrail, seal, writeRows } from './trail.ts'

const app = await openTestApp()
const { sql, deps } = app
beforeEach(() => clearTrail(app))

async function writeAndSeal(times: number, rows = 5): Promise<void> {
  for (let i = 0; i < times; i++) {
    await writeRows(app, rows)
    await seal(app)
  }
}
const verify = (audit = deps.audit) =>
  sql.begin((tx) => verifySeals(tx, { ...deps, audit })).then(({ result }) => result)
const verifyWhole = async () => recordVerdict(deps, await verifyAudit(deps, null))
const state = () => readVerifications(sql, deps.audit)
/** The trail's own guards are the owner's to turn off. */
const asOwner = (table: string, change: () => Promise<unknown>) =>
  sql
    .unsafe(`alter table ${table} disable trigger user`)
    .then(change)
    .finally(() => sql.unsafe(`alter table ${table} enable trigger user`))
const rowOfSeal = async (id: number) =>
  (await sql<{ id: string }[]>`select audit_ids[1] as id from audit_checkpoints where id = ${id}`)[0]?.id ?? ''
const renameAction = (id: string, action: string) =>
  asOwner('audit_logs', () => sql`update audit_logs set action = ${action} where id = ${id}`)

test('each seal is verified once, with its rows, and the next run goes on behind it', async () => {
  expect(await verify()).toEqual({ seals: 0, rows: 0 })
  await writeAndSeal(3)
  expect(await verify()).toEqual({ seals: 3, rows: 15 })
  expect(await verify()).toEqual({ seals: 0, rows: 0 })
  await writeAndSeal(2)
  expect(await verify()).toEqual({ seals: 2, rows: 10 })
  expect(await state()).toMatchObject({ seals: { checkpointId: 5, checkpoints: 5, auditRows: 25 }, fault: null })
})

test('a run is bounded, and a later one goes on: a long trail is no long transaction', async () => {
  await writeAndSeal(53, 1)
  expect([await verify(), await verify()]).toEqual([
    { seals: 50, rows: 50 },
    { seals: 3, rows: 3 },
  ])
})

test('a long seal is read in parts, and a fault in any of them is found', async () => {
  await writeAndSeal(1, 520)
  const [{ id = '' } = {}] = await sql<{ id: string }[]>`select audit_ids[511] as id from audit_checkpoints`
  await renameAction(id, 'account.edited')
  await expect(verify()).rejects.toThrow(`tampered with: row ${id} was edited.`)
  expect(await state()).toMatchObject({ seals: { auditRows: 520 } })
})

describe('a fault that is found', () => {
  test('fails the job until the whole trail is verified, and stops nothing', async () => {
    await writeAndSeal(2)
    const id = await rowOfSeal(2)
    const [{ action = '' } = {}] = await sql<{ action: string }[]>`select action from audit_logs where id = ${id}`
    await renameAction(id, 'account.edited')
    const fault = `row ${id} was edited`
    await expect(verify()).rejects.toThrow(`The audit trail was tampered with: ${fault}.`)
    await writeAndSeal(1)
    await expect(verify()).rejects.toThrow(fault)
    expect(await state()).toMatchObject({ seals: { checkpointId: 3, checkpoints: 3 }, fault })
    // Put back, it is not forgotten by itself: somebody looks at the whole.
    await renameAction(id, action)
    await expect(verify()).rejects.toThrow(fault)
    app.clock.advance(1)
    await verifyWhole()
    expect((await state()).fault).toBeNull()
    expect(await verify()).toEqual({ seals: 0, rows: 0 })
  })

  test.each([
    ['a row that is gone', 'audit_logs', (id: string) => sql`delete from audit_logs where id = ${id}`, 'was deleted'],
    [
      'a seal without the one before it',
      'audit_checkpoints',
      () => sql`delete from audit_checkpoints where id = 2`,
      'checkpoint 3 follows 1: one between them is missing',
    ],
    [
      'a seal that was edited',
      'audit_checkpoints',
      () => sql`update audit_checkpoints set row_count = 4 where id = 2`,
      'checkpoint 2 was edited',
    ],
  ])('%s', async (_, table, tamper, fault) => {
    await writeAndSeal(1)
    await verify()
    await writeAndSeal(2)
    const id = await rowOfSeal(2)
    await asOwner(table, () => tamper(id))
    await expect(verify()).rejects.toThrow(fault)
  })

  test('by the verification of the whole stands until that finds nothing', async () => {
    await writeAndSeal(2)
    await verify()
    const id = await rowOfSeal(1)
    await renameAction(id, 'account.edited')
    // Verified already: only the whole is verified again.
    expect(await verify()).toEqual({ seals: 0, rows: 0 })
    app.clock.advance(1)
    await verifyWhole()
    expect((await state()).fault).toBe(`row ${id} was edited`)
    await expect(verify()).rejects.toThrow(`row ${id} was edited`)
  })
})

test('its own record is signed: one that somebody edited is told, and everything is verified anew', async () => {
  await writeAndSeal(3)
  await verify()
  await sql`update audit_verifications set verified_at = clock_timestamp()`
  expect(await state()).toMatchObject({
    seals: null,
    isEdited: true,
    fault: 'the record of its verification was edited',
  })
  await expect(verify()).rejects.toThrow('the record of its verification was edited')
  expect(await state()).toMatchObject({ seals: { checkpoints: 3 }, isEdited: false })
  await expect(verify()).rejects.toThrow('the record of its verification was edited')
})

test('while AUDIT_KEY is being rotated, an instance without the new key says so, and records nothing', async () => {
  await writeAndSeal(1)
  await verify()
  const [old] = app.config.auditKeys
  const newer = createAudit(['a key of another deployment, 40 characters', old], deps.now)
  await writeRows(app, 2)
  await sql.begin((tx) => sealAudit(tx, { ...deps, audit: newer }))
  await expect(verify()).rejects.toThrow('could not be verified: checkpoint 2 was signed with the key')
  expect(await state()).toMatchObject({ seals: { checkpointId: 1 }, fault: null })
  expect(await verify(newer)).toEqual({ seals: 1, rows: 2 })
})

test('it is a job, whose failure says what was found', async () => {
  await writeAndSeal(1)
  expect(await runJobNow(deps, 'verify-audit')).toEqual({ seals: 1, rows: 5 })
  await renameAction(await rowOfSeal(1), 'account.edited')
  await sql`truncate audit_verifications`
  await expect(runJobNow(deps, 'verify-audit')).rejects.toThrow('was edited')
  const run = (await readJobRuns(deps)).find(({ name }) => name === 'verify-audit')
  expect(run).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('The audit trail was tampered with') })
})
