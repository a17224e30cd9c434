import { describe, expect, test } from 'bun:test'
import { openTestApp, type TestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { ageLeases, givenKeyHolder, readQuotaRows, spendAll } from '../support/quotas.ts'
import { startServerProcess, until } from '../support/server-process.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const beside = () => openTestApp({ DATABASE_URL: app.databaseUrl, DB_POOL_MAX: '20' })
const path = '/v1/entitlements/api_access'

/** Requests over the front door, so many at a time. @returns how many passed */
async function attack(on: TestApp, bearer: string, requests: number): Promise<number> {
  let left = requests
  let passed = 0
  await Promise.all(
    Array.from({ length: 40 }, async () => {
      while (left-- > 0) {
        const { status } = await on.request(path, { bearer })
        expect(status).toBeOneOf([200, 429])
        if (status === 200) passed++
      }
    }),
  )
  return passed
}

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0)

describe('of a quota of 10,000, attacked over three instances at once,', () => {
  test('exactly 10,000 requests pass', async () => {
    const { key } = await givenKeyHolder(app, { plan: 'starter' })
    const instances = [app, await beside(), await beside()]
    const passed = await Promise.all(instances.map((instance) => attack(instance, key, 4_000)))
    expect(sum(passed)).toBe(10_000)
    for (const instance of instances)
      await expectProblem(await instance.request(path, { bearer: key }), 'quota-exceeded')
  }, 60_000)

  test('exactly 10,000 pass also where one of them is done early and holds what the others need', async () => {
    const { id } = await givenKeyHolder(app, { plan: 'starter' })
    expect(await spendAll(app.deps, id, 10_000, 2_000)).toBe(2_000)
    expect((await readQuotaRows(app, id)).held).toBeGreaterThan(0)
    const others = [await beside(), await beside()]
    const passed = await Promise.all(others.map(({ deps }) => spendAll(deps, id, 10_000, 8_000)))
    expect(sum(passed)).toBe(8_000)
  }, 60_000)

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

    const instances = [app, await beside()]
    const before = sum(await Promise.all(instances.map((instance) => attack(instance, key, 6_000))))
    // What it holds is out of reach, and no more than that.
    expect(passed + before).toBeLessThanOrEqual(10_000)
    expect(before).toBe(10_000 - left.held)
    await ageLeases(app, id)
    const others = [await beside(), await beside()]
    const after = sum(await Promise.all(others.map((instance) => attack(instance, key, 2_000))))
    expect(after).toBe(left.held - left.drawn)
    expect(before + after).toBe(10_000 - left.drawn)
    expect((await readQuotaRows(app, id)).used).toBe(10_000)
  }, 60_000)
})
