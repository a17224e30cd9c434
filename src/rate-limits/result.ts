import { AppError } from '../errors/app-error.ts'

/** A limiter's count for one caller, as shown in `RateLimit`. Times are in epoch milliseconds. */
export type RateLimitResult = { limit: number; used: number; resetAt: number; windowSeconds: number }

/** A result from the counts of a store. @param resetAt undefined where the window has just begun */
export function toResult(limit: number, used: number, resetAt: number | undefined, windowMs: number): RateLimitResult {
  return {
    limit,
    used,
    resetAt: resetAt ?? Date.now() + windowMs,
    windowSeconds: Math.ceil(windowMs / 1000),
  }
}

/** @throws AppError `rate-limited` when the result is over its limit. */
export function throwIfExceeded(result: RateLimitResult): void {
  if (result.used > result.limit) throw new AppError('rate-limited', { retryAfter: resetSeconds(result) })
}

/** The refusal while the count cannot be reached (`unknown`); null: none. */
export function refusalOf(result: RateLimitResult | 'unknown'): AppError | null {
  if (result === 'unknown')
    return new AppError('service-unavailable', { cause: new Error('nobody can count attempts') })
  return result.used > result.limit ? new AppError('rate-limited', { retryAfter: resetSeconds(result) }) : null
}

/** The value of `RateLimit` (draft-ietf-httpapi-ratelimit-headers-07). */
export function toRateLimit(result: RateLimitResult | null | undefined): string | undefined {
  if (!result) return undefined
  const remaining = Math.max(0, result.limit - result.used)
  return `limit=${result.limit}, remaining=${remaining}, reset=${resetSeconds(result)}`
}

/** The value of `RateLimit-Policy`. Its text is cached, because most answers have the policy of the one before. */
export function toRateLimitPolicy(result: RateLimitResult | null | undefined): string | undefined {
  if (!result) return undefined
  const { limit, windowSeconds } = result
  if (limit !== lastPolicy.limit || windowSeconds !== lastPolicy.windowSeconds)
    lastPolicy = { limit, windowSeconds, text: `${limit};w=${windowSeconds}` }
  return lastPolicy.text
}

let lastPolicy = { limit: 0, windowSeconds: 0, text: '0;w=0' }

/** The one of two results that has less left. */
export function tighter(a: RateLimitResult | null, b: RateLimitResult): RateLimitResult {
  return a && a.limit - a.used <= b.limit - b.used ? a : b
}

/** Seconds until the window ends. */
function resetSeconds({ resetAt }: RateLimitResult): number {
  return Math.max(0, Math.ceil((resetAt - Date.now()) / 1000))
}
