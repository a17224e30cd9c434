import { deriveKey } from '../crypto/hash.ts'
import { createChallenges } from './challenges.ts'
import type { Passkeys } from './deps.ts'
import { createPasskeyFigures } from './figures.ts'

const purpose = 'passkey challenges'

/**
 * Creates what an instance holds for passkeys.
 * @param secrets challenges are signed with a key derived from the first, and verified with all
 * @param now the database's time in epoch milliseconds
 */
export function createPasskeys([first, ...others]: readonly [string, ...string[]], now: () => number): Passkeys {
  const keys = [deriveKey(first, purpose), ...others.map((secret) => deriveKey(secret, purpose))] as const
  return { challenges: createChallenges(keys, now), figures: createPasskeyFigures() }
}
