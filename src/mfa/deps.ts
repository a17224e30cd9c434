import type { AuthDeps } from '../auth/deps.ts'
import type { Brand } from '../brand/brand.ts'
import type { Secrets } from '../secrets/secrets.ts'

/** What the services of second factors use. */
export type MfaDeps = AuthDeps & { secrets: Secrets; config: AuthDeps['config'] & { brand: Brand } }
