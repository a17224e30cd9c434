import type { AuthDeps } from '../auth/deps.ts'
import type { BrandConfig } from '../brand/variables.ts'
import type { Tx } from '../db/types.ts'
import type { Challenges } from './challenges.ts'
import type { PasskeyFigures } from './figures.ts'
import type { RelyingParty } from './variables.ts'

/** The state of passkeys in an instance. */
export type Passkeys = { challenges: Challenges; figures: PasskeyFigures }

/** Dependencies of the services of passkeys. */
export type PasskeyDeps = AuthDeps & {
  passkeys: Passkeys
  config: AuthDeps['config'] & RelyingParty & BrandConfig
  /** The number of an account's sign-in methods, in a transaction that locked its row. */
  countSignInMethods: (tx: Tx, accountId: string) => Promise<number>
}
