import type { AuthDeps } from '../auth/deps.ts'
import type { ReturnUrlsConfig } from '../config/return-urls.ts'
import type { Tx } from '../db/types.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { IdentityProviders } from './providers.ts'

/** What signing in by other providers uses. */
export type SsoDeps = Omit<AuthDeps, 'config'> & {
  config: AuthDeps['config'] & ReturnUrlsConfig
  secrets: Secrets
  identityProviders: IdentityProviders
  /** How many ways to sign in an account has, in a transaction that locked its row. */
  countSignInMethods: (tx: Tx, accountId: string) => Promise<number>
}
