import { refusalOf } from '../rate-limits/result.ts'
import type { AuthDeps } from './deps.ts'

/** Log-ins of an account that succeed may be so many times as its other password checks. */
const logInShare = 10

/**
 * Counts a password check of an account before argon2 runs, right ones too: a session, or a known password, is no licence
 * to keep a core busy. `log-in` of an address is counted whether or not it has an account; who fails there gives the unit
 * back, for failures have bounds of their own, and a stranger's must not close it to its owner.
 * @returns how to give the unit back
 * @throws AppError `rate-limited`, `service-unavailable` when nobody can count
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
  const tally = await tier.take(key, kind === 'log-in' ? limit.max * logInShare : limit.max)
  const giveBack = () => tier.giveBack(key)
  // Of log-ins only to who is refused: the count would tell a stranger whether somebody logged in.
  if (tally && (kind === 'account' || tally.used > tally.limit)) reportLimit(tally)
  const refusal = refusalOf(tally ?? 'unknown')
  if (!refusal) return giveBack
  if (tally) await giveBack()
  throw refusal
}
