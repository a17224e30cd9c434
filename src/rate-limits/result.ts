import { AppError } from '../errors/app-error.ts'

/** One limiter's count for one caller, as `RateLimit` tells it. Times in epoch milliseconds. */
export type Tally = { limit: number; used: number; resetAt: number; windowSeconds: number }

/** @param resetAt unknown where the window has just begun */
export function toTally(limit: number, used: number, resetAt: number | undefined, windowMs: number): Tally {
  return {
    limit,
    used,
    resetAt: resetAt ?? Date.now() + windowMs,
    windowSeconds: Math.ceil(windowMs / 1000),
  }
}

/** @throws AppError `rate-limited` when the tally is over its limit. */
export function requireWithin(tally: Tally): void {
  if (tally.used > tally.limit) throw new AppError('rate-limited', { retryAfter: resetSeconds(tally) })
}

/** What a tier answers that is closed while nobody can count (`unknown`); null while the caller may go on. */
export function refusalOf(tally: Tally | 'unknown'): AppError | null {
  if (tally === 'unknown') return new AppError('service-unavailable', { cause: new Error('nobody can count attempts') })
  return tally.used > tally.limit ? new AppError('rate-limited', { retryAfter: resetSeconds(tally) }) : null
}

/** The value of `RateLimit` (draft-ietf-httpapi-ratelimit-headers-07). */
export function toRateLimit(tally: Tally | null | undefined): string | undefined {
  if (!tally) return undefined
  const remaining = Math.max(0, tally.limit - tally.used)
  return `limit=${tally.limit}, remaining=${remaining}, reset=${resetSeconds(tally)}`
}

/** The value of `RateLimit-Policy`. Most answers tell the policy that the one before told: its text is kept. */
export function toRateLimitPolicy(tally: Tally | null | undefined): string | undefined {
  if (!tally) return undefined
  const { limit, windowSeconds } = tally
  if (limit !== lastPolicy.limit || windowSeconds !== lastPolicy.windowSeconds)
    lastPolicy = { limit, windowSeconds, text: `${limit};w=${windowSeconds}` }
  return lastPolicy.text
}

let lastPolicy = { limit: 0, windowSeconds: 0, text: '0;w=0' }

/** Of two tallies, the one with less left. */
export function tighter(a: Tally | null, b: Tally): Tally {
  return a && a.limit - a.used <= b.limit - b.used ? a : b
}

/** Seconds until the tally begins anew. */
function resetSeconds({ resetAt }: Tally): number {
  return Math.max(0, Math.ceil((resetAt - Date.now()) / 1000))
}
