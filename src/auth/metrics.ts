import { durationHistogram } from '../metrics/durations.ts'
import { counterBy, gauge, type Metric } from '../metrics/metric.ts'
import type { Traffic } from '../telemetry/traffic.ts'
import type { PasswordHasher } from './passwords.ts'
import { counters } from './reservation.ts'

type Measured = { traffic: Pick<Traffic, 'lockouts'>; passwords: Pick<PasswordHasher, 'stats' | 'durations'> }

/** The metrics of lockouts and of password hashing. */
export function authMetrics({ traffic, passwords }: Measured): Metric[] {
  return [
    counterBy(
      'manas360_lockouts_total',
      'Lockouts that began, by the counter of failed attempts that was full: of an address (email), a known device, the password of a signed-in account, codes (code), codes on a known device (code-device)',
      'counter',
      () => counters.map((counter) => [counter, traffic.lockouts().get(counter) ?? 0]),
    ),
    gauge('manas360_argon2_running', 'Password hashes that are being computed', () => passwords.stats().running),
    gauge('manas360_argon2_waiting', 'Password hashes that wait for a free place', () => passwords.stats().waiting),
    durationHistogram(
      'manas360_argon2_wait_seconds',
      'Seconds that password hashes waited for a free place',
      passwords.durations.waits,
    ),
    durationHistogram(
      'manas360_argon2_hash_seconds',
      'Seconds that password hashes took, without the wait',
      passwords.durations.hashes,
    ),
  ]
}
