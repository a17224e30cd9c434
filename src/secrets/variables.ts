import { secret, secrets } from '../config/fields.ts'
import { configuration, type Values } from '../config/room.ts'
import { secretAdvice } from '../config/secret-checks.ts'
import type { InstanceVariables } from '../config/variables.ts'
import { deriveKey } from '../crypto/hash.ts'

const variables = { DATA_KEY: secret.optional(), DATA_KEY_PREVIOUS: secrets.optional() }

/** Outside production the data key may be derived from the secret of refresh tokens. */
type RefreshSecrets = { JWT_REFRESH_SECRET: string; JWT_REFRESH_SECRET_PREVIOUS?: string | undefined }
type E = Values<typeof variables> & Pick<InstanceVariables, 'NODE_ENV'> & RefreshSecrets

/** The keys of secrets at rest: the first encrypts, all decrypt. */
type DataKeys = {
  dataKeys: readonly [string, ...string[]]
  /** Whether DATA_KEY is unset (never in production) and derived from JWT_REFRESH_SECRET. */
  dataKeyIsDerived: boolean
}

export const secretsConfiguration = configuration({
  variables,
  config(e: E): DataKeys {
    const derived = [e.JWT_REFRESH_SECRET, e.JWT_REFRESH_SECRET_PREVIOUS].flatMap((text) =>
      text === undefined ? [] : [derivedDataKey(text)],
    )
    const previous = e.DATA_KEY_PREVIOUS ?? []
    // Outside production, values written before DATA_KEY was set stay readable.
    const former = e.NODE_ENV === 'production' ? [] : derived
    if (e.DATA_KEY !== undefined) return { dataKeys: [e.DATA_KEY, ...previous, ...former], dataKeyIsDerived: false }
    return { dataKeys: [derivedDataKey(e.JWT_REFRESH_SECRET), ...previous, ...former.slice(1)], dataKeyIsDerived: true }
  },
  check: ({ NODE_ENV, DATA_KEY }) =>
    NODE_ENV === 'production' && DATA_KEY === undefined ? [`DATA_KEY: is required ${secretAdvice}`] : [],
  secrets: {
    DATA_KEY: { purpose: 'encrypts secrets at rest', minProductionLength: 32 },
    DATA_KEY_PREVIOUS: { purpose: 'decrypts secrets at rest' },
  },
})

/** A key derived by HKDF (RFC 5869), used where DATA_KEY is unset. */
function derivedDataKey(secret: string): string {
  return Buffer.from(deriveKey(secret, 'DATA_KEY')).toString('base64')
}
