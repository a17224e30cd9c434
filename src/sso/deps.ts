import type { AuthDeps } from '../auth/deps.ts'
import type { ReturnUrlsConfig } from '../config/return-urls.ts'
import type { Tx } from '../db/types.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { IdentityProviders } from './providers.ts'

/** Dependencies of signing in by other providers. */
export type SsoDeps = Omit<AuthDeps, 'config'> & {
  config: AuthDeps['config'] & ReturnUrlsConfig
  secrets: Secrets
  identityProviders: IdentityProviders
  /** The number of an account's sign-in methods, in a transaction that locked its row. */
  countSignInMethods: (tx: Tx, accountId: string) => Promise<number>
}
