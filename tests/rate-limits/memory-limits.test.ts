import { expect, test } from 'bun:test'
import { createMemoryTier } from '../../src/rate-limits/memory-limiter.ts'

test('a flood of addresses is bounded, and forgets the idle ones first', () => {
  const tier = createMemoryTier(60_000, 1_000)
  let most = 0
  for (let i = 0; i < 100_000; i++) {
    tier.consume('a busy one', 1_000_000)
    tier.consume(`address ${i}`, 1)
    most = Math.max(most, tier.size())
  }
  expect(most).toBeLessThanOrEqual(1_000)
  expect(tier.consume('a busy one', 1_000_000).used).toBe(100_001)
  expect(tier.consume('address 99999', 1).used).toBe(2)
  expect(tier.consume('address 99600', 1).used).toBe(2)
  expect(tier.consume('address 1', 1).used).toBe(1)
  tier.close()
})
