import { refusalOf } from '../rate-limits/result.ts'
import type { AuthDeps } from './deps.ts'

/** How many times as many log-ins as other password checks an account may have. */
const logInShare = 10

/**
 * Counts a password check before argon2 runs, correct passwords too, so that nobody can keep a core busy with their own
 * password. A `log-in` is counted by address, whether or not it has an account. Callers refund a failed one: the
 * lockout bounds failures, and failures of others must not use up the owner's log-ins.
 * @returns a function that refunds the unit
 * @throws AppError `rate-limited`, `service-unavailable` when the limiter is out of reach
 */
export async function countPasswordCheck(
  { limits, config, reportLimit }: AuthDeps,
  kind: 'account' | 'log-in',
  id: string,
): Promise<() => unknown> {
  const { password: tier } = limits
  const { rateLimitPassword: limit } = config
  if (!tier || !limit) return () => {}
  const key = `${kind} ${id}`
  const result = await tier.consume(key, kind === 'log-in' ? limit.max * logInShare : limit.max)
  const refund = () => tier.refund(key)
  // The count of log-ins is shown only in a refusal: elsewhere it would tell a stranger that somebody logged in.
  if (result && (kind === 'account' || result.used > result.limit)) reportLimit(result)
  const refusal = refusalOf(result ?? 'unknown')
  if (!refusal) return refund
  if (result) await refund()
  throw refusal
}
