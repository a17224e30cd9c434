import type { Db } from '../db/types.ts'
import { presentedPasskey, type StoredPasskey } from '../passkeys/assertion.ts'
import type { PasskeyResponse } from '../passkeys/schemas.ts'
import { attemptCte, type Challenge, foundCte } from './challenge-queries.ts'

type Presented = Pick<StoredPasskey, 'publicKey' | 'signCount' | 'backupEligible' | 'isActive' | 'emailVerified'> & {
  passkeyId: string | null
  ownerId: string
  ownerPasswordVersion: number
}

type PasskeyAttempt = { challenge: Challenge; stored: StoredPasskey | null }

/**
 * Takes an attempt of a challenge for a passkey and finds the presented passkey. Failures do not count as wrong codes. Null: the token
 * is used up or void.
 */
export async function takePasskeyAttempt(
  sql: Db,
  tokenHash: Buffer,
  presented: PasskeyResponse,
): Promise<PasskeyAttempt | null> {
  const [row] = await sql<(Challenge & Presented)[]>`
    with ${foundCte(sql, tokenHash)}, ${attemptCte(sql)}
    select found.*, p.* from found join tried on tried.id = found.id
      left join (${presentedPasskey(sql, presented)}) as p (passkey_id, owner_id, public_key, sign_count, backup_eligible, is_active,
                                                            email_verified, owner_password_version) on true`
  return row ? { challenge: row, stored: toStoredPasskey(row) } : null
}

function toStoredPasskey({ passkeyId, ownerId, ownerPasswordVersion, ...row }: Presented): StoredPasskey | null {
  return passkeyId === null
    ? null
    : { ...row, id: passkeyId, accountId: ownerId, passwordVersion: ownerPasswordVersion }
}
