import type { AuthMethod } from '../access/strength.ts'
import type { Origin } from '../audit/actor.ts'
import type { Reservation } from './reservation.ts'

/** A kind of second factor, as `user_accounts.second_factors` lists it. */
export type SecondFactorKind = 'totp' | 'passkey'

/** A first factor that was verified: whose it is, and the method. */
export type FirstFactor = {
  /** The `mfaToken` is bound to these factors and this password version: it is void once either changes. */
  account: { id: string; passwordVersion: number; secondFactors: readonly SecondFactorKind[] }
  amr: readonly AuthMethod[]
  origin: Origin
  /** The known device, which has its own counter of wrong codes; null: a new device, of which the person is notified at the end. */
  deviceId: string | null
  /** The password's reserved attempt: released when the second step starts; its counter is reset when the sign-in completes. */
  reservation?: Reservation
}
