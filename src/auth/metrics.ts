import { durationHistogram } from '../metrics/durations.ts'
import { counterBy, gauge, type Metric } from '../metrics/metric.ts'
import type { Traffic } from '../telemetry/traffic.ts'
import type { PasswordHasher } from './passwords.ts'
import { counters } from './reservation.ts'

type Measured = { traffic: Pick<Traffic, 'lockouts'>; passwords: Pick<PasswordHasher, 'stats' | 'durations'> }

export function authMetrics({ traffic, passwords }: Measured): Metric[] {
  return [
    counterBy('manas360_lockouts_total', 'Lockouts begun, by whose failures were counted', 'counter', () =>
      counters.map((counter) => [counter, traffic.lockouts().get(counter) ?? 0]),
    ),
    gauge('manas360_argon2_running', 'Passwords being hashed', () => passwords.stats().running),
    gauge('manas360_argon2_waiting', 'Passwords that wait to be hashed', () => passwords.stats().waiting),
    durationHistogram(
      'manas360_argon2_wait_seconds',
      'How long passwords waited for their turn to be hashed',
      passwords.durations.waits,
    ),
    durationHistogram('manas360_argon2_hash_seconds', 'How long a password took to hash', passwords.durations.hashes),
  ]
}
