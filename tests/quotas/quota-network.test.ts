import { afterAll, expect, test } from 'bun:test'
import { openProxy } from '../../scripts/cluster/tcp-proxy.ts'
import { createLeases } from '../../src/quotas/leases.ts'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { reasonOf } from '../support/open-database.ts'
import { readQuotaRows, spendAll, spendOne } from '../support/quotas.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp()
const network = await openProxy(app.databaseUrl)
afterAll(network.close)
// One connection, on which the question was prepared: it arrives whole.
const far = await openTestApp({ DATABASE_URL: network.url, DB_STATEMENT_TIMEOUT_MS: '2000', DB_POOL_MAX: '1' })

/** Backends that asked for units last. */
const askers = () => app.sql<{ pid: number }[]>`
  select pid from pg_stat_activity where datname = current_database() and query like '%from take_quota(%' and pid <> pg_backend_pid()`

test('a question that was given up and arrives much later changes nothing of what was granted since', async () => {
  const { id } = await givenAccount(app)
  const instance = { leases: createLeases({ ...far.deps, tickMs: 1_000_000, waitMs: 0 }) }
  const limit = 1_000
  let passed = await spendAll(instance, id, limit, 4)
  const before = (await askers()).map(({ pid }) => pid)
  network.delay()
  expect(await reasonOf(spendOne(instance, id, limit))).toMatchObject({ code: 'database-unavailable' })
  await until(
    () =>
      spendOne(instance, id, limit).then(
        (unit) => unit !== null,
        () => false,
      ),
    10,
    'the database answers on new connections',
  )
  passed += 1 + (await spendAll(instance, id, limit, 300))
  network.heal()
  const gone = async () => !(await askers()).some(({ pid }) => before.includes(pid))
  await until(gone, 10, 'what was sent before was done')
  const { used, drawn } = await readQuotaRows(app, id)
  expect(used + drawn).toBeGreaterThanOrEqual(passed)
  const other = { leases: createLeases({ ...app.deps, tickMs: 1_000_000, waitMs: 0 }) }
  passed += await spendAll(other, id, limit, limit)
  passed += await spendAll(instance, id, limit, limit)
  expect(passed).toBeLessThanOrEqual(limit)
})
