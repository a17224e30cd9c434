import { expect, test } from 'bun:test'
import { createNetworkHash } from '../../src/telemetry/network-hash.ts'

const key = new Uint8Array(32).fill(7)
const noon = Date.UTC(2026, 10, 28, 12)
const hash = createNetworkHash(key, () => noon)

test('addresses of one network have one name, others another: IPv4 by the /24, IPv6 by the /48', () => {
  expect(hash('203.0.113.7')).toMatch(/^[0-9a-f]{12}$/)
  expect(hash('203.0.113.255')).toBe(hash('203.0.113.7'))
  expect(hash('::ffff:203.0.113.9')).toBe(hash('203.0.113.7'))
  expect(hash('203.0.114.7')).not.toBe(hash('203.0.113.7'))
  expect(hash('2001:db8:1:2::9')).toBe(hash('2001:db8:1:ffff::1'))
  expect(hash('2001:db8:2::1')).not.toBe(hash('2001:db8:1::1'))
  expect(hash('unknown')).toMatch(/^[0-9a-f]{12}$/)
})

test('instances of one key agree; another key, or another day, makes other names', () => {
  expect(createNetworkHash(key, () => noon + 11 * 3_600_000)('203.0.113.7')).toBe(hash('203.0.113.7'))
  expect(createNetworkHash(key, () => noon + 12 * 3_600_000)('203.0.113.7')).not.toBe(hash('203.0.113.7'))
  expect(
    createNetworkHash(
      key.map(() => 8),
      () => noon,
    )('203.0.113.7'),
  ).not.toBe(hash('203.0.113.7'))
})

test('the day changes under a running server, and what is remembered is bounded', () => {
  let now = noon
  const running = createNetworkHash(key, () => now)
  const before = running('203.0.113.7')
  now += 86_400_000
  expect(running('203.0.113.7')).not.toBe(before)
  now -= 86_400_000
  for (let i = 0; i < 5_000; i++) running(`10.${i >> 8}.${i & 255}.1`)
  expect(running('203.0.113.7')).toBe(before)
})
