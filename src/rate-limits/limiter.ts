import type { RateLimitResult } from './result.ts'

/** One tier: `max` units per window and key. */
export type Tier = {
  /**
   * Consumes a unit. Over `max` the result says so; the unit counts unless it is refunded. Null: the count cannot be
   * reached. In memory it returns no promise, which would slow down every request.
   */
  consume(key: string, max: number): RateLimitResult | Promise<RateLimitResult | null>
  /** Units consumed over `max` since the start. */
  hits(): number
  /** Requests that could not be counted, since the start. */
  uncounted(): number
  close(): void | Promise<void>
}

/** A tier whose units may be refunded. */
export type RefundableTier = Tier & { refund(key: string): void | Promise<void> }
