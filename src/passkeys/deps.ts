import type { AuthDeps } from '../auth/deps.ts'
import type { BrandConfig } from '../brand/variables.ts'
import type { Tx } from '../db/types.ts'
import type { Challenges } from './challenges.ts'
import type { PasskeyFigures } from './figures.ts'
import type { RelyingParty } from './variables.ts'

/** What is open for passkeys in an instance. */
export type Passkeys = { challenges: Challenges; figures: PasskeyFigures }

/** What the services of passkeys use. */
export type PasskeyDeps = AuthDeps & {
  passkeys: Passkeys
  config: AuthDeps['config'] & RelyingParty & BrandConfig
  /** How many ways to sign in an account has, in a transaction that locked its row. */
  countSignInMethods: (tx: Tx, accountId: string) => Promise<number>
}
