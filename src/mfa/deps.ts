import type { PasskeyDeps } from '../passkeys/deps.ts'
import type { Secrets } from '../secrets/secrets.ts'

/** Dependencies of the services of second factors. */
export type MfaDeps = PasskeyDeps & { secrets: Secrets }
