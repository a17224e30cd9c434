import { randomBytes } from 'node:crypto'
import type { AuthDeps } from '../auth/deps.ts'
import type { FirstFactor } from '../auth/first-factor.ts'
import type { MfaRequired } from '../auth/schemas.ts'
import { hashToken } from '../crypto/hash.ts'
import type { Tx } from '../db/types.ts'
import { challengeTtlSeconds, insertChallenge } from './challenge-queries.ts'
import { deleteChallenges } from './queries.ts'

/**
 * Asks for the second factor of an account whose first one was right: what log-in is handed. The `mfaToken`, 256 random bits of
 * which the hash is kept, is void once password, status or factors change. The try of the password is released: it was no
 * failure, and resets nothing before the sign-in is complete. One statement.
 * @returns null where the account has another password or other factors by now, or is not active
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
 * Voids every `mfaToken` of an account whose lock ends, in that transaction: while it was locked none was accepted, and what was begun
 * before must not go on after it.
 */
export function voidChallenges(tx: Tx, accountId: string): Promise<void> {
  return deleteChallenges(tx, accountId)
}
