import { describe, expect, test } from 'bun:test'
import { openTestApp, type TestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { ageLeases, givenKeyHolder, readQuotaRows, spendAll, spendOne } from '../support/quotas.ts'
import { startServerProcess, until } from '../support/server-process.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const beside = () => openTestApp({ DATABASE_URL: app.databaseUrl, DB_POOL_MAX: '20' })
const path = '/v1/entitlements/api_access'

type Ask = () => Promise<boolean>

/** Who asks over the front doors of these instances, 40 at a time at each. */
const attackersOf = (instances: TestApp[], bearer: string): Ask[] =>
  instances.flatMap((on) =>
    Array<Ask>(40).fill(async () => {
      const { status } = await on.request(path, { bearer })
      expect(status).toBeOneOf([200, 429])
      return status === 200
    }),
  )

/**
 * All ask at once, again and again, until `wanted` have passed. Who waits in vain for units that another instance holds
 * is refused after 3 s, which is soon on a busy machine, and asks again.
 * @returns how many passed: more than wanted, where a limit does not hold
 */
async function untilPassed(asks: Ask[], wanted: number): Promise<number> {
  let passed = 0
  await Promise.all(
    asks.map(async (ask) => {
      for (let refusals = 0; passed < wanted && refusals < 1_000; ) {
        if (await ask()) passed++
        else refusals += await Bun.sleep(5).then(() => 1)
      }
    }),
  )
  return passed
}

describe('of a quota of 10,000, attacked over three instances at once,', () => {
  test('exactly 10,000 requests pass', async () => {
    const { key } = await givenKeyHolder(app, { plan: 'starter' })
    const instances = [app, await beside(), await beside()]
    const attackers = attackersOf(instances, key)
    expect(await untilPassed(attackers, 10_000)).toBe(10_000)
    expect(await Promise.all(attackers.map((ask) => ask()))).not.toContain(true)
    for (const instance of instances)
      await expectProblem(await instance.request(path, { bearer: key }), 'quota-exceeded')
  })

  test('exactly 10,000 pass also where one of them is done early and holds what the others need', async () => {
    const { id } = await givenKeyHolder(app, { plan: 'starter' })
    expect(await spendAll(app.deps, id, 10_000, 2_000)).toBe(2_000)
    expect((await readQuotaRows(app, id)).held).toBeGreaterThan(0)
    const others = [await beside(), await beside()]
    const spenders = others.map(
      ({ deps }) =>
        async () =>
          (await spendOne(deps, id, 10_000)) !== null,
    )
    expect(await untilPassed(spenders, 8_000)).toBe(8_000)
    expect(await Promise.all(spenders.map((spend) => spend()))).toEqual([false, false])
  })

  test('at most a lease is out of reach when one is killed; what it cannot have spent is back when the lease expires', async () => {
    const { id, key } = await givenKeyHolder(app, { plan: 'starter' })
    const doomed = await startServerProcess(`${app.databaseUrl}?application_name=doomed`, { JOBS: 'off' })
    const connections = () => app.sql`
      select from pg_stat_activity where application_name = 'doomed' and datname = current_database()`
    let passed = 0
    const attackers = Array.from({ length: 20 }, async () => {
      for (;;) {
        const answer = await fetch(`${doomed.url}${path}`, { headers: { Authorization: `Bearer ${key}` } }).catch(
          () => null,
        )
        if (answer?.status !== 200) return
        passed++
      }
    })
    await until(() => passed > 1_500, 30, 'the attack')
    expect(await connections()).not.toHaveLength(0)
    await doomed.kill()
    await Promise.all(attackers)
    // A statement that it had sent may commit after its death.
    await until(async () => (await connections()).length === 0, 10, 'its connections are gone')
    const left = await readQuotaRows(app, id)
    expect(left.leases).toBe(1)
    expect(left.drawn).toBeGreaterThanOrEqual(passed)

    // However long the attack takes here, its lease lasts.
    await app.sql`update quota_leases set expires_at = expires_at + interval '1 hour' where account_id = ${id}`
    const attackersLeft = attackersOf([app, await beside()], key)
    const before = await untilPassed(attackersLeft, 10_000 - left.held)
    // What it holds is out of reach, and no more than that.
    expect(before).toBe(10_000 - left.held)
    expect(await Promise.all(attackersLeft.map((ask) => ask()))).not.toContain(true)
    expect(passed + before).toBeLessThanOrEqual(10_000)
    await app.sql`update quota_leases set expires_at = expires_at - interval '1 hour' where account_id = ${id}`
    await ageLeases(app, id)
    const others = attackersOf([await beside(), await beside()], key)
    expect(await untilPassed(others, left.held - left.drawn)).toBe(left.held - left.drawn)
    expect(await Promise.all(others.map((ask) => ask()))).not.toContain(true)
    expect((await readQuotaRows(app, id)).used).toBe(10_000)
  })
})
