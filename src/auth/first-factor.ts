import type { AuthMethod } from '../access/strength.ts'
import type { Origin } from '../audit/actor.ts'
import type { Reservation } from './reservation.ts'

/** What an account's own row says that it has (`user_accounts.second_factors`). */
export type SecondFactorKind = 'totp' | 'passkey'

/** Who showed a right first factor, and how. */
export type FirstFactor = {
  /** Whose factors and password version the answer is bound to: it is void once either changed. */
  account: { id: string; passwordVersion: number; secondFactors: readonly SecondFactorKind[] }
  amr: readonly AuthMethod[]
  origin: Origin
  /** The device that signed in before, which codes are counted for; null: of a new one the person is told once the sign-in is complete. */
  deviceId: string | null
  /** The try of the password: released when the factor is asked for, and its counter reset when the sign-in is complete. */
  reservation?: Reservation
}
