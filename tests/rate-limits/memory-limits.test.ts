import { expect, test } from 'bun:test'
import { createTier } from '../../src/rate-limits/memory-limiter.ts'

test('a flood of addresses is bounded, and forgets the idle ones first', () => {
  const tier = createTier(60_000, 1_000)
  let most = 0
  for (let i = 0; i < 100_000; i++) {
    tier.take('a busy one', 1_000_000)
    tier.take(`address ${i}`, 1)
    most = Math.max(most, tier.size())
  }
  expect(most).toBeLessThanOrEqual(1_000)
  expect(tier.take('a busy one', 1_000_000).used).toBe(100_001)
  expect(tier.take('address 99999', 1).used).toBe(2)
  expect(tier.take('address 99600', 1).used).toBe(2)
  expect(tier.take('address 1', 1).used).toBe(1)
  tier.close()
})
