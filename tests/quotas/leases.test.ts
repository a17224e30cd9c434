import { describe, expect, test } from 'bun:test'
import { apiAccess } from '../../src/catalogue/catalogue.ts'
import { createLeases, type Leases } from '../../src/quotas/leases.ts'
import { hold, outsideOf, waiter } from '../jobs/locks.ts'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { reasonOf } from '../support/open-database.ts'
import { expectProblem } from '../support/problems.ts'
import { ageLeases, ageMonth, givenKeyHolder, readQuotaRows, spendAll, spendOne } from '../support/quotas.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const { sql, deps } = app

/** A further instance, as far as quotas are concerned, whose second lasts 10 ms. */
const openInstance = (options: { tickMs?: number; waitMs?: number } = {}) => ({
  leases: createLeases({ ...deps, tickMs: 10, ...options }),
})
/** One that does nothing by itself. */
const openIdle = () => openInstance({ tickMs: 1_000_000 })
/** One that waits for the units of others, however busy the machine is. */
const openPatient = () => openInstance({ tickMs: 1_000_000, waitMs: 120_000 })
const apiQuota = (accountId: string) => ({ accountId, feature: apiAccess })
const somebody = async () => (await givenAccount(app)).id
const rows = (id: string) => readQuotaRows(app, id)
/** Since its lease began, as only the instance knows. */
function spentBy({ leases }: { leases: Leases }, id: string): number {
  return leases.consumed(apiQuota(id)).used
}

describe('an instance', () => {
  test('leases little at first, more as more is used, and one unit near the limit', async () => {
    const id = await somebody()
    const instance = openIdle()
    const held: number[] = []
    for (let spent = 0; spent < 10_000; spent++) {
      await instance.leases.consume(apiQuota(id), 10_000)
      if ([1, 2_000, 9_900, 9_999].includes(spent + 1)) held.push((await rows(id)).held - spent - 1)
    }
    const [first = 0, busy = 0, near = 0, last = -1] = held
    expect(first).toBe(15)
    expect(busy).toBeGreaterThan(300)
    expect(near).toBeLessThan(20)
    expect(last).toBeLessThanOrEqual(1)
  })

  test('gives back what it holds when nobody asks any more, and tells what was spent', async () => {
    const id = await somebody()
    const instance = openInstance()
    expect(await spendAll(instance, id, 10_000, 300)).toBe(300)
    await until(async () => (await rows(id)).leases === 0, 20, 'giving back')
    expect(await rows(id)).toMatchObject({ used: 300, held: 0 })
    expect(await spendAll(instance, id, 10_000, 1)).toBe(1)
    await instance.leases.close()
    expect(await rows(id)).toMatchObject({ used: 301, leases: 0 })
  })

  test('that stops gives everything back', async () => {
    const ids = await Promise.all([1, 2, 3].map(somebody))
    const leaving = await openTestApp({ DATABASE_URL: app.databaseUrl })
    for (const id of ids) expect(await spendAll(leaving.deps, id, 1_000, 70)).toBe(70)
    await leaving.deps.close(2)
    for (const id of ids) expect(await rows(id)).toMatchObject({ used: 70, leases: 0 })
  })

  test('shares what it holds with one that has none left, although requests come in still', async () => {
    const id = await somebody()
    const [rich, poor] = [openInstance({ tickMs: 100 }), openPatient()]
    // Used at a rate at which much is drawn at a time: more than will be spent while the other one waits.
    await spendAll(rich, id, 100_000, 2_000)
    for (let left = 0; left < 400; ) {
      await spendOne(rich, id, 100_000)
      left = (await rows(id)).drawn - spentBy(rich, id)
    }
    // All but what it holds is gone.
    await sql`update quota_usage set used = 100000 - ${(await rows(id)).held} where account_id = ${id}`
    const trickle = setInterval(() => void spendOne(rich, id, 100_000), 10)
    try {
      expect(await spendAll(poor, id, 100_000, 1)).toBe(1)
    } finally {
      clearInterval(trickle)
    }
  })

  test('waits for one that is taking the last unit at that moment, and is refused', async () => {
    const id = await somebody()
    const outside = outsideOf(app)
    await sql`insert into quota_usage (account_id, month) values (${id}, date_trunc('month', clock_timestamp() at time zone 'UTC'))`
    const letGo = await hold(outside, `select take_quota('${id}', gen_random_uuid(), 1, 0, 16)`)
    const asking = spendOne({ leases: createLeases({ ...deps, tickMs: 1_000_000, waitMs: 0 }) }, id, 1)
    await Promise.race([waiter(outside), asking])
    await letGo()
    expect(await asking).toBeNull()
  })

  test('whose lease was found dead and given away goes on without passing the limit', async () => {
    const id = await somebody()
    const [slow, other] = [openIdle(), openIdle()]
    let passed = await spendAll(slow, id, 200, 20)
    await ageLeases(app, id)
    passed += await spendAll(other, id, 200, 120)
    passed += await spendAll(slow, id, 200, 500)
    passed += await spendAll(other, id, 200, 500)
    expect(passed).toBeLessThanOrEqual(200)
    // What it had drawn was counted when it was found dead.
    expect(passed).toBeGreaterThan(180)
  })

  test('that is refused while others hold units is served as soon as those come back', async () => {
    const id = await somebody()
    const [holder, waiting] = [openIdle(), openPatient()]
    await spendAll(holder, id, 100, 1)
    const { held } = await rows(id)
    const asking = spendAll(waiting, id, held, 1)
    await until(
      async () => (await sql`select 1 from quota_usage where account_id = ${id} and wanted_at is not null`).length > 0,
      5,
      'asking',
    )
    await holder.leases.close()
    expect(await asking).toBe(1)
  })

  test('judges those who wait since before the limit changed by the new one, and asks no more for it', async () => {
    const id = await somebody()
    const { leases } = openIdle()
    const asked = () => leases.stats().refills
    const raised = await Promise.all([10, 10, 20, 20].map((limit) => leases.consume(apiQuota(id), limit)))
    expect(raised).toHaveLength(4)
    expect(asked()).toBeLessThanOrEqual(4)
    const lowered = await Promise.all([30, 3].map((limit) => spendOne({ leases }, id, limit)))
    expect(lowered).toEqual([null, null])
    expect(asked()).toBeLessThanOrEqual(6)
  })

  test('whose units are given back in the very moment they come passes nobody uncounted', async () => {
    // Each number of turns is another moment between the answer of the database and whoever waited for it.
    for (let turns = 0; turns < 16; turns++) {
      const id = await somebody()
      let overtaking: Promise<void> | undefined
      const overtaken = new Proxy(sql, {
        apply(target, self, args) {
          const answer = Reflect.apply(target, self, args)
          if (!overtaking && String(args[0]).includes('take_quota')) overtaking = answer.then(overtake)
          return answer
        },
      })
      const leases = createLeases({ ...deps, sql: overtaken, tickMs: 1_000_000 })
      async function overtake(): Promise<void> {
        for (let turn = 0; turn < turns; turn++) await null
        // Without a limit nothing that is held is of use any more.
        leases.consume(apiQuota(id), null)
      }
      await leases.consume(apiQuota(id), 100)
      await overtaking
      await leases.close()
      expect((await rows(id)).used).toBeGreaterThanOrEqual(2)
    }
  })

  test('lets nobody pass for an account that was erased meanwhile, and leaves no trace', async () => {
    const id = await somebody()
    await sql`update user_accounts set status = 'deleted', deleted_at = now(), email = null, password_hash = null where id = ${id}`
    expect(await reasonOf(Promise.resolve(openIdle().leases.consume(apiQuota(id), 100)))).toMatchObject({
      code: 'account-disabled',
    })
    const counting = openIdle()
    counting.leases.consume(apiQuota(id), null)
    await counting.leases.close()
    expect(await sql`select 1 from quota_usage where account_id = ${id}`).toHaveLength(0)
  })
})

describe('a unit that is given back', () => {
  test('can be spent again, here or elsewhere', async () => {
    const id = await somebody()
    const [one, two] = [openIdle(), openIdle()]
    const units = await Promise.all(Array.from({ length: 10 }, () => spendOne(one, id, 10)))
    expect(await spendOne(one, id, 10)).toBeNull()
    // Its lease has ended: too late.
    if (units[0]) one.leases.refund(units[0])
    expect(await spendOne(two, id, 10)).toBeNull()
    const unit = await spendOne(one, id, 20)
    if (unit) one.leases.refund(unit)
    await one.leases.close()
    expect(await rows(id)).toMatchObject({ used: 10, leases: 0 })
    expect(await spendAll(two, id, 20, 100)).toBe(10)
  })
})

test('a unit of the month before that is given back in the new one makes that no longer', async () => {
  const id = await somebody()
  const instance = openIdle()
  const unit = await spendOne(instance, id, 100)
  await spendAll(instance, id, 100, (await rows(id)).drawn - 1)
  await ageMonth(app, id)
  expect(await spendAll(instance, id, 100, 2)).toBe(2)
  if (unit) instance.leases.refund(unit)
  await instance.leases.close()
  expect(await rows(id)).toMatchObject({ used: 2, leases: 0 })
})

describe('while the database is away', () => {
  test('units in hand pass until their lease runs out, and then nobody', async () => {
    const cut = await openTestApp({ DATABASE_URL: app.databaseUrl })
    const { id, key } = await givenKeyHolder(app, { plan: 'business' })
    const ask = () => cut.request('/v1/entitlements/api_access', { bearer: key })
    for (let i = 0; i < 40; i++) expect((await ask()).status).toBe(200)
    const { drawn } = await rows(id)
    expect(drawn).toBeGreaterThan(42)
    await cut.deps.db.close(0)
    cut.clock.stop()
    for (let i = 40; i < drawn; i++) expect((await ask()).status).toBe(200)
    const refused = await ask()
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    await expectProblem(refused, 'database-unavailable')
  })

  test('a lease that has run out is worth nothing', async () => {
    const cut = await openTestApp({ DATABASE_URL: app.databaseUrl })
    const { key } = await givenKeyHolder(app, { plan: 'business' })
    const ask = () => cut.request('/v1/entitlements/api_access', { bearer: key })
    for (let i = 0; i < 2; i++) expect((await ask()).status).toBe(200)
    await cut.deps.db.close(0)
    cut.clock.stop()
    expect((await ask()).status).toBe(200)
    cut.clock.advance(31)
    await expectProblem(await ask(), 'database-unavailable')
  })
})

describe('where a plan without a limit gets one', () => {
  test('everybody on it is judged by all that they used, also those who come while another one’s use is told', async () => {
    const instance = openIdle()
    const ids = await Promise.all([1, 2].map(somebody))
    for (const id of ids) for (let i = 0; i < 150; i++) await instance.leases.consume(apiQuota(id), null)
    // Telling waits for the first one's row; the second one's question does not.
    const outside = outsideOf(app)
    for (const id of ids)
      await sql`insert into quota_usage (account_id, month) values (${id}, date_trunc('month', clock_timestamp() at time zone 'UTC'))`
    const [first = '', second = ''] = ids.toSorted()
    const letGo = await hold(outside, `select from quota_usage where account_id = '${first}' for update`)
    const telling = spendOne(instance, first, 100)
    await waiter(outside)
    const asking = spendOne(instance, second, 100)
    await Promise.race([asking, Bun.sleep(200)])
    await letGo()
    expect(await Promise.all([telling, asking])).toEqual([null, null])
  })

  test('units that were drawn before it had none are worth nothing', async () => {
    const id = await somebody()
    const instance = openIdle()
    expect(await spendAll(instance, id, 100, 20)).toBe(20)
    const { drawn } = await rows(id)
    expect(drawn).toBeGreaterThan(20)
    for (let i = 0; i < 100; i++) await instance.leases.consume(apiQuota(id), null)
    expect(await spendOne(instance, id, 100)).toBeNull()
  })
})
