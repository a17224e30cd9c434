import { randomBytes } from 'node:crypto'
import type { AuthDeps } from '../auth/deps.ts'
import type { FirstFactor } from '../auth/first-factor.ts'
import type { MfaRequired } from '../auth/schemas.ts'
import { hashToken } from '../crypto/hash.ts'
import type { Tx } from '../db/types.ts'
import { challengeTtlSeconds, insertChallenge } from './challenge-queries.ts'
import { deleteChallenges } from './queries.ts'

/**
 * Starts the second step of a sign-in; log-in gets this function as `deps.secondFactor`. The `mfaToken` is 256 random bits, of which
 * the hash is stored; it is void once password, status or factors change. The password's reserved attempt is released, and its counter
 * is reset only when the sign-in completes. One statement.
 * @returns null where password or factors changed since, or the account is not active
 */
export async function askForFactor(
  deps: AuthDeps,
  { account, amr, deviceId, reservation }: FirstFactor,
): Promise<Omit<MfaRequired, 'status'> | null> {
  const mfaToken = randomBytes(32).toString('base64url')
  const made = await insertChallenge(deps.sql, {
    id: Bun.randomUUIDv7(),
    tokenHash: hashToken(mfaToken),
    accountId: account.id,
    passwordVersion: account.passwordVersion,
    secondFactors: account.secondFactors,
    amr,
    isNewDevice: deviceId === null,
    reservation: reservation ?? null,
    codeCounter: deps.counterKey('code', account.id),
    deviceCounter: deviceId === null ? null : deps.counterKey('code-device', deviceId),
  })
  if (!made) return null
  const methods = [...account.secondFactors, ...(made.hasRecoveryCodes ? (['recovery-code'] as const) : [])]
  return { mfaToken, methods, expiresIn: challengeTtlSeconds }
}

/**
 * Voids every `mfaToken` of an account, in the transaction that unlocks it: sign-ins begun before the lock must not continue after it.
 */
export function voidChallenges(tx: Tx, accountId: string): Promise<void> {
  return deleteChallenges(tx, accountId)
}
