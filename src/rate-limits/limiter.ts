import type { Tally } from './result.ts'

/** One tier: `max` units per window and key. */
export type Tier = {
  /**
   * Takes a unit. Over `max` the tally says so; the unit stays taken unless it is given back. Null: nobody could count.
   * In memory it answers at once, for a promise would cost every request.
   */
  take(key: string, max: number): Tally | Promise<Tally | null>
  /** How often a unit was taken over `max`, since the start. */
  hits(): number
  /** How often nobody could count, since the start. */
  uncounted(): number
  close(): void | Promise<void>
}

/** A tier whose units may be given back. */
export type ReturningTier = Tier & { giveBack(key: string): void | Promise<void> }
