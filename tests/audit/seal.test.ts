import { describe, expect, test } from 'bun:test'
import { verifyAudit } from '../../src/audit/verify.ts'
import { givenAccount, goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { openTestApp, type TestApp } from '../support/app.ts'
import { seal, writeRows } from './trail.ts'

const whole = { ok: true }

async function countRows({ sql }: TestApp): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::int from audit_logs`
  return row?.count ?? 0
}

async function sealedIds({ sql }: TestApp): Promise<string[][]> {
  const rows = await sql<{ auditIds: string[] }[]>`select audit_ids from audit_checkpoints order by id`
  return rows.map(({ auditIds }) => auditIds)
}

describe('sealing', () => {
  test('covers each row once, in the order of ids; without new rows nothing is written', async () => {
    const app = await openTestApp()
    await writeRows(app, 25)
    expect(await seal(app)).toMatchObject([{ id: 1, rowCount: 25 }])
    expect(await seal(app)).toEqual([])
    await writeRows(app, 5)
    expect(await seal(app)).toMatchObject([{ id: 2, rowCount: 5 }])
    const ids = (await sealedIds(app)).flat()
    expect(ids).toEqual((await app.sql<{ id: string }[]>`select id from audit_logs order by id`).map(({ id }) => id))
    expect(await verifyAudit(app.deps, null)).toMatchObject(whole)
  })

  test('leaves no row behind, however many wait: more than a checkpoint holds make several', async () => {
    const app = await openTestApp()
    await app.sql`alter table audit_queue drop constraint audit_queue_audit_id_fkey`
    await writeRows(app, 1)
    // Copies are no honest rows; that they are all taken is what counts here.
    await app.sql`
      insert into audit_logs (id, at, action, entity_type, details, personal_hash, key_id, mac)
      select gen_random_uuid(), at, action, entity_type, details, personal_hash, key_id, mac from audit_logs, generate_series(1, 11000)`
    await app.sql`insert into audit_queue select id from audit_logs on conflict do nothing`
    expect((await seal(app)).map(({ rowCount }) => rowCount)).toEqual([5000, 5000, 1001])
    expect(await app.sql`select 1 from audit_queue`).toHaveLength(0)
  })

  test('a row that commits late is sealed by a later checkpoint', async () => {
    const app = await openTestApp()
    const late = Promise.withResolvers<void>()
    const written = Promise.withResolvers<void>()
    const open = app.sql.begin(async (tx) => {
      await writeRows({ ...app, sql: tx }, 1)
      written.resolve()
      await late.promise
    })
    await written.promise
    await writeRows(app, 3)
    expect(await seal(app)).toMatchObject([{ rowCount: 3 }])
    late.resolve()
    await open
    expect(await seal(app)).toMatchObject([{ rowCount: 1 }])
    const [[first = ''] = [], [lateId = ''] = []] = await sealedIds(app)
    // Its id is the older one all the same.
    expect(lateId < first).toBeTrue()
    expect(await verifyAudit(app.deps, null)).toMatchObject({ ok: true, rows: 4, checkpoints: 2, unsealed: 0 })
  })

  test('of two sealers at once, each takes what the other has not', async () => {
    const app = await openTestApp()
    const other = await openTestApp({ DATABASE_URL: app.databaseUrl })
    for (let round = 0; round < 10; round++) {
      await writeRows(app, 6)
      await Promise.all([seal(app), writeRows(other, 3), seal(other), seal(app)])
    }
    await seal(app)
    expect(await verifyAudit(app.deps, null)).toMatchObject({ ok: true, rows: 90, unsealed: 0 })
  })

  test('two sealers at once make two checkpoints of one chain, whoever is first', async () => {
    const app = await openTestApp()
    await writeRows(app, 6)
    const lines = (await Promise.all([seal(app), seal(app), seal(app)])).flat()
    expect(lines).toMatchObject([{ id: 1, rowCount: 6 }])
  })
})

describe('the trail of real work', () => {
  test('a person who is erased leaves rows that verify, and nothing that tells of them', async () => {
    const app = await openTestApp()
    const person = await registered(app, { firstName: 'Unmistakable', phoneNumber: '+919876543210' })
    const agent = { 'User-Agent': 'the-one-and-only-browser' }
    const { accessToken } = await logIn(app, person, agent)
    const patch = {
      method: 'PATCH',
      bearer: accessToken,
      json: { firstName: 'Inimitable' },
      headers: agent,
      ip: '203.0.113.77',
    }
    expect((await app.request('/v1/me', patch)).status).toBe(200)
    await seal(app)
    const told = async () => {
      const [row] = await app.sql<{ text: string }[]>`
        select concat((select string_agg(p::text, ' ') from audit_personal p), (select string_agg(s::text, ' ') from audit_subjects s), (select string_agg(l::text, ' ') from audit_logs l)) as text`
      return ['Unmistakable', 'Inimitable', 'one-and-only', '203.0.113.77', person.email].filter((word) =>
        row?.text.includes(word),
      )
    }
    expect(await told()).toEqual(['Unmistakable', 'Inimitable', 'one-and-only', '203.0.113.77'])
    const before = await countRows(app)
    const erased = await app.request('/v1/me', {
      method: 'DELETE',
      bearer: accessToken,
      json: { password: goodPassword },
    })
    expect(erased.status).toBe(204)
    expect(await told()).toEqual([])
    expect(await countRows(app)).toBe(before + 1)
    await seal(app)
    expect(await verifyAudit(app.deps, null)).toMatchObject({ ok: true, rows: before + 1 })
  })

  test('denials, refused tokens, wrong passwords and limits write no row: a flood does not write', async () => {
    const app = await openTestApp({ RATE_LIMIT_AUTH: '3/15m', RATE_LIMIT_GLOBAL: '20/1m', RATE_LIMIT_API: '10/1m' })
    const { accessToken } = await logIn(app, await givenAccount(app))
    const before = await countRows(app)
    const statuses = new Set<number>()
    const ask = async (path: string, options: Parameters<TestApp['request']>[1] = {}) =>
      statuses.add((await app.request(path, options)).status)
    for (let i = 0; i < 15; i++) {
      await ask('/v1/admin/users', { bearer: accessToken })
      await ask('/v1/entitlements/white_label', { bearer: accessToken })
      await ask('/v1/me', { bearer: `${accessToken}x` })
      await ask('/v1/auth/login', { json: { email: newEmail(), password: 'wrong' }, ip: `192.0.2.${i}` })
      await ask('/v1/auth/login', { json: { email: newEmail(), password: 'wrong' } })
      await ask('/v1/auth/register', { json: { email: 'no address', password: goodPassword } })
    }
    expect([...statuses].sort()).toEqual([401, 403, 422, 429])
    expect(await countRows(app)).toBe(before)
    // What they leave is told by the log and by counters.
    expect(app.deps.traffic.problems().get('permission-denied')).toBeGreaterThan(0)
    expect(app.deps.limits.auth?.hits()).toBeGreaterThan(0)
    expect(app.deps.limits.api?.hits()).toBeGreaterThan(0)
  })

  test('a change that is rolled back leaves no row', async () => {
    const app = await openTestApp()
    const failed = app.sql.begin(async (tx) => {
      await writeRows({ ...app, sql: tx }, 2)
      throw new Error('undone')
    })
    await expect(failed).rejects.toThrow('undone')
    expect(await countRows(app)).toBe(0)
    expect(await app.sql`select 1 from audit_queue`).toHaveLength(0)
  })
})
