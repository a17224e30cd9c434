import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createLeases, type Leases } from '../../src/quotas/leases.ts'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { ageLeases, readQuotaRows, spendOne } from '../support/quotas.ts'

const app = await openTestApp()
const openInstance = () => createLeases({ ...app.deps, tickMs: 1_000_000, waitMs: 0 })

const instance = fc.nat({ max: 2 })
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('spend' as const), instance, times: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('settle', 'give back', 'stop', 'kill'), instance }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('run out' as const), instance }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('limit' as const), instance, times: fc.integer({ min: 0, max: 200 }) }),
  },
)

test('whatever instances do and whenever they die, no request passes over the limit, and only what a dead one had drawn is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { id } = await givenAccount(app, { password: 'known to nobody at all' })
      const instances: Leases[] = [0, 1, 2].map(openInstance)
      const of = (i: number): Leases => instances[i] ?? openInstance()
      let limit = 100
      let passed = 0
      let lost = 0
      async function spend(leases: Leases) {
        const unit = await spendOne({ leases }, id, limit)
        if (!unit) return null
        passed++
        expect(passed).toBeLessThanOrEqual(limit)
        return unit
      }
      for (const { kind, instance, ...rest } of steps) {
        const leases = of(instance)
        if (kind === 'spend' && 'times' in rest) for (let n = 0; n < rest.times; n++) await spend(leases)
        if (kind === 'settle') await leases.flush()
        if (kind === 'limit' && 'times' in rest) limit = rest.times
        if (kind === 'give back') {
          const unit = await spend(leases)
          if (unit) {
            leases.refund(unit)
            passed--
          }
        }
        if (kind === 'stop') await leases.close()
        if (kind === 'kill' || kind === 'run out') {
          await Promise.all(instances.map((each) => each.flush()))
          const { drawn, spent } = await readQuotaRows(app, id)
          lost += drawn - spent
        }
        if (kind === 'run out') await ageLeases(app, id)
        if (kind === 'stop' || kind === 'kill') instances[instance] = openInstance()
      }
      await Promise.all(instances.map((leases) => leases.close()))
      await ageLeases(app, id)
      limit = Math.max(limit, passed) + 50
      const last = openInstance()
      while (await spend(last));
      expect(limit - passed).toBeLessThanOrEqual(lost)
    }),
    { numRuns: 30 },
  )
})
