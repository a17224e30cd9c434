import type { PasskeyDeps } from '../passkeys/deps.ts'
import type { Secrets } from '../secrets/secrets.ts'

/** What the services of second factors use. */
export type MfaDeps = PasskeyDeps & { secrets: Secrets }
