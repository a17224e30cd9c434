import { describe, expect, test } from 'bun:test'
import { isApiKey, mintApiKey } from '../../src/api-keys/format.ts'
import { createApiKeys } from '../../src/api-keys/verifier.ts'
import type { Sql } from '../../src/db/types.ts'
import { givenAccount, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { openTestApp } from '../support/app.ts'
import { makeKnown } from '../support/guarded.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql, deps, clock } = app
// What this instance asks on its own account, every 2 s, is not what a request costs.
await deps.feed.stop()

const use = (bearer: string, ip?: string) => request('/v1/entitlements/api_access', { bearer, ip })

/** The queries that `work` costs, besides those for units of the monthly quota. */
async function queriesOf(work: () => Promise<unknown>): Promise<number> {
  const before = count()
  await work()
  return count() - before
}

function count(): number {
  const { refills, upkeep } = deps.leases.stats()
  return deps.db.stats().queries - refills - upkeep
}

describe('a key', () => {
  test('has at least 192 random bits that are never shown again, of every letter alike', () => {
    const keys = Array.from({ length: 2_000 }, mintApiKey)
    expect(new Set(keys.map(({ key }) => key)).size).toBe(2_000)
    const counts = new Map<string, number>()
    for (const { key, prefix } of keys) {
      expect(key.startsWith(prefix)).toBeTrue()
      const hidden = key.slice(prefix.length, -6)
      expect(hidden.length * Math.log2(62)).toBeGreaterThan(192)
      for (const letter of hidden) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    expect(counts.size).toBe(62)
    // 70,000 letters, 1,129 of each expected; eight standard deviations either way.
    for (const count of counts.values()) expect(count).toBeWithin(863, 1_395)
  })

  test('with any letter changed, cut or added is none', () => {
    const { key } = mintApiKey()
    expect(isApiKey(key)).toBeTrue()
    for (let i = 0; i < key.length; i++) {
      const changed = key.slice(0, i) + (key[i] === 'a' ? 'b' : 'a') + key.slice(i + 1)
      expect([i, isApiKey(changed)]).toEqual([i, false])
      expect(isApiKey(key.slice(0, i))).toBeFalse()
    }
    for (const other of [`${key}a`, ` ${key}`, `${key}\n`, key.toUpperCase()]) expect(isApiKey(other)).toBeFalse()
  })
})

describe('in the header', () => {
  test('whatever is no key is 401 invalid-token, and costs no query', async () => {
    const { key } = mintApiKey()
    const hostile = [
      'mk_',
      'mk_x',
      key.slice(0, -1),
      `${key}x`,
      `${key} ${key}`,
      `${key}, Bearer ${key}`,
      `mk_${'A'.repeat(49)}`,
      `mk_${'%00'.repeat(17)}`,
      `mk_' or 1=1 --`,
      `mk_${'a'.repeat(8_000)}`,
      `mk_${key}`,
      `MK_${key.slice(3)}`,
      'mk_eyJhbGciOiJub25lIn0.e30.',
    ]
    expect(
      await queriesOf(async () => {
        for (const bearer of hostile) {
          const answer = await use(bearer)
          expect(answer.headers.get('www-authenticate')).toStartWith('Bearer error="invalid_token"')
          await expectProblem(answer, 'invalid-token')
        }
      }),
    ).toBe(0)
  })

  test('only the Bearer scheme takes it', async () => {
    const { key } = await givenApiKey(app, (await givenAccount(app)).id)
    for (const scheme of ['Basic', 'Token', 'ApiKey', ''])
      await expectProblem(
        await request('/v1/me', { headers: { Authorization: `${scheme} ${key}` } }),
        'authentication-required',
      )
    await expectProblem(await request('/v1/me', { headers: { 'X-Api-Key': key } }), 'authentication-required')
    await expectProblem(await request(`/v1/me?api_key=${key}`), 'authentication-required')
    expect((await request('/v1/me', { headers: { Authorization: `bearer ${key}` } })).status).toBe(200)
  })

  test('public routes answer whatever comes', async () => {
    const { key } = await givenApiKey(app, (await givenAccount(app)).id)
    for (const bearer of [key, mintApiKey().key, 'mk_x'])
      for (const path of ['/v1/plans', '/live', '/health']) expect((await request(path, { bearer })).status).toBe(200)
  })
})

describe('its cost', () => {
  test('is one query when it is new here, and none after', async () => {
    const { key } = await givenApiKey(app, (await givenAccount(app, { plan: 'starter' })).id)
    expect(await queriesOf(() => use(key))).toBe(1)
    expect(
      await queriesOf(async () => {
        for (let i = 0; i < 100; i++) expect((await use(key)).status).toBe(200)
      }),
    ).toBe(0)
  })

  test('is one query for all who ask at the same time', async () => {
    const { key } = await givenApiKey(app, (await givenAccount(app)).id)
    expect(await queriesOf(() => Promise.all(Array.from({ length: 50 }, () => use(key))))).toBe(1)
  })

  test('is one query for a key that nobody has, however often it comes', async () => {
    const { key } = mintApiKey()
    expect(
      await queriesOf(async () => {
        for (let i = 0; i < 20; i++) await expectProblem(await use(key), 'invalid-token')
      }),
    ).toBe(1)
  })

  test('is none on probes, which are never limited', async () => {
    const { lookUps } = deps.apiKeys.stats()
    for (const probe of ['/live', '/ready', '/health', '/metrics'])
      expect((await request(probe, { bearer: mintApiKey().key })).status).toBeOneOf([200, 503])
    expect(deps.apiKeys.stats().lookUps).toBe(lookUps)
  })

  test('is one query again after the life of an access token', async () => {
    const { key } = await givenApiKey(app, (await givenAccount(app)).id)
    await use(key)
    clock.stop()
    clock.advance(899)
    expect(await queriesOf(() => use(key))).toBe(0)
    clock.advance(1)
    expect(await queriesOf(() => use(key))).toBe(1)
  })
})

describe('a key is over', () => {
  test('with its deletion, at the next request', async () => {
    const person = await signedIn(app)
    const { id, key } = await givenApiKey(app, person.id)
    const { key: other } = await givenApiKey(app, person.id)
    for (const bearer of [key, other]) expect((await use(bearer)).status).toBe(200)
    expect((await request(`/v1/api-keys/${id}`, { method: 'DELETE', bearer: person.bearer })).status).toBe(204)
    await expectProblem(await use(key), 'invalid-token')
    expect(await queriesOf(() => use(key))).toBe(0)
    expect((await use(other)).status).toBe(200)
    expect((await request('/v1/me', { bearer: person.bearer })).headers.get('authz-refresh')).toBeNull()
  })

  test('at its second', async () => {
    const owner = await givenAccount(app)
    clock.stop()
    const expiresAt = new Date(deps.now() + 60_000)
    const { key } = await givenApiKey(app, owner.id, { expiresAt })
    clock.advance(59)
    expect((await use(key)).status).toBe(200)
    clock.advance(1.001)
    await expectProblem(await use(key), 'invalid-token')
    // The same where it was never seen before.
    const { key: aged } = await givenApiKey(app, owner.id, { expiresAt: new Date(deps.now() - 1) })
    await expectProblem(await use(aged), 'invalid-token')
  })

  test('while its owner is locked, and good again after', async () => {
    const admin = await signedIn(app, { role: 'admin' })
    const owner = await givenAccount(app)
    const { key } = await givenApiKey(app, owner.id)
    const about = (act: string, json?: unknown) =>
      request(`/v1/admin/users/${owner.id}/${act}`, { method: 'POST', bearer: admin.bearer, json })
    expect((await use(key)).status).toBe(200)
    await about('lock', { reason: 'asked for' })
    await expectProblem(await use(key), 'account-disabled')
    expect(await queriesOf(() => use(key))).toBe(0)
    await about('unlock')
    expect((await use(key)).status).toBe(200)
    const locked = await givenAccount(app, { status: 'locked' })
    await expectProblem(await use((await givenApiKey(app, locked.id)).key), 'account-disabled')
  })

  test('with its owner’s erasure, whether it was in use or not', async () => {
    const person = await registered(app)
    const keys = [await givenApiKey(app, person.id), await givenApiKey(app, person.id)].map(({ key }) => key)
    const [used = '', unused = ''] = keys
    expect((await use(used)).status).toBe(200)
    await request('/v1/me', { method: 'DELETE', bearer: person.accessToken, json: { password: person.password } })
    expect(await sql`select 1 from api_keys where account_id = ${person.id}`).toHaveLength(0)
    await expectProblem(await use(used), 'account-disabled')
    await expectProblem(await use(unused), 'invalid-token')
  })

  test('not with a log-out, nor with a new password that keeps it', async () => {
    const person = await registered(app)
    const { key } = await givenApiKey(app, person.id)
    await use(key)
    const passwords = {
      currentPassword: person.password,
      newPassword: 'umbrella ceramic walnut drizzle',
      keepApiKeys: true,
    }
    const change = await request('/v1/auth/password/change', { bearer: person.accessToken, json: passwords })
    expect(change.status).toBe(200)
    expect((await request('/v1/auth/logout', { method: 'POST', bearer: person.accessToken })).status).toBe(204)
    expect((await use(key)).status).toBe(200)
  })
})

describe('a deletion that commits while the key is being read', () => {
  /** Reads for real, and hands each answer over when it is told to. */
  function slowly(): { sql: Sql; arrived: () => Promise<void>; release: () => void } {
    let hand = Promise.withResolvers<void>()
    let came = Promise.withResolvers<void>()
    const wait = async (rows: PromiseLike<unknown>) => {
      const found = await rows
      came.resolve()
      await hand.promise
      return found
    }
    // A fragment of a statement is no reading.
    const held = (...query: Parameters<typeof sql>) =>
      String(query[0]).trimStart().startsWith('select') ? wait(sql(...query)) : sql(...query)
    return {
      sql: held as unknown as Sql,
      arrived: () => came.promise,
      release() {
        hand.resolve()
        hand = Promise.withResolvers()
        hand.resolve()
        came = Promise.withResolvers()
      },
    }
  }
  const open = (slow: Sql) =>
    createApiKeys({
      sql: slow,
      recentChanges: deps.recentChanges,
      log: deps.log,
      now: deps.now,
      lifeSeconds: 900,
      lookUps: 2,
      waitMs: 2_000,
    })

  test('is obeyed by whoever asks after it, and by those who share that reading', async () => {
    const owner = await givenAccount(app)
    const { id, key } = await givenApiKey(app, owner.id)
    const slow = slowly()
    const keys = open(slow.sql)
    const before = keys.lookUp(key)
    await slow.arrived()
    await sql`delete from api_keys where id = ${id}`
    await makeKnown(app, owner.id)
    const after = keys.lookUp(key)
    slow.release()
    expect(await Promise.all([before, after])).toEqual(['invalid-token', 'invalid-token'])
    expect(keys.findCached(key)).toBe('invalid-token')
    await keys.close()
  })

  test('is obeyed also when it is heard of later than the reading is remembered', async () => {
    const owner = await givenAccount(app)
    const { id, key } = await givenApiKey(app, owner.id)
    const slow = slowly()
    const keys = open(slow.sql)
    const reading = keys.lookUp(key)
    await slow.arrived()
    await sql`delete from api_keys where id = ${id}`
    const [row] = await sql<{ version: number }[]>`select version::int from record_authz_change(${owner.id})`
    slow.release()
    expect(await reading).toMatchObject({ id })
    expect(keys.findCached(key)).toMatchObject({ id })
    const [change] =
      await sql`select account_id, version::int, kind, status from authz_changes where account_id = ${owner.id}`
    deps.recentChanges.apply(change as never, deps.now())
    expect(row?.version).toBe(2)
    expect(keys.findCached(key)).toBeUndefined()
    expect(await keys.lookUp(key)).toBe('invalid-token')
    await keys.close()
  })
})

describe('the time of the last use', () => {
  test('is written in batches, one statement for all, and shown', async () => {
    const person = await signedIn(app)
    const keys = await Promise.all(Array.from({ length: 10 }, () => givenApiKey(app, person.id)))
    for (const { key } of keys) for (let i = 0; i < 5; i++) await use(key)
    expect(await queriesOf(() => deps.apiKeys.flush())).toBe(1)
    expect(await queriesOf(() => deps.apiKeys.flush())).toBe(0)
    const { items } = (await (await request('/v1/api-keys', { bearer: person.bearer })).json()) as {
      items: { lastUsedAt: string }[]
    }
    expect(items).toHaveLength(10)
    for (const { lastUsedAt } of items) expect(Math.abs(Date.parse(lastUsedAt) - deps.now())).toBeLessThan(60_000)
  })

  test('counts only uses that were let in', async () => {
    const owner = await givenAccount(app, { plan: 'business' })
    const { id, key } = await givenApiKey(app, owner.id, { ipRanges: ['203.0.113.0/24'] })
    expect((await use(key, '192.0.2.1')).status).toBe(403)
    await deps.apiKeys.flush()
    expect(await sql`select last_used_at from api_keys where id = ${id}`).toEqual<unknown>([{ lastUsedAt: null }])
  })

  test('never goes back, whichever instance writes last', async () => {
    const { id, key } = await givenApiKey(app, (await givenAccount(app)).id)
    await sql`update api_keys set last_used_at = '2090-01-01' where id = ${id}`
    await use(key)
    await deps.apiKeys.flush()
    expect(await sql`select last_used_at::date::text as day from api_keys where id = ${id}`).toEqual<unknown>([
      { day: '2090-01-01' },
    ])
  })
})
