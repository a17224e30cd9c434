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
  /** The person is told of a sign-in from a new device once it is complete. */
  isNewDevice: boolean
  /** The counter that judged the password; it is reset when the sign-in is complete. */
  reservation?: Reservation
}
