import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { hashToken } from '../crypto/hash.ts'
import type { Db } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Profile } from './claims.ts'
import { deleteCode, findCode, insertCode } from './code-queries.ts'
import type { SsoDeps } from './deps.ts'
import type { Journey, Purpose } from './state.ts'

const codeTtlSeconds = 60

/** What of a profile is not in columns of its own. */
type Sealed = Omit<Profile, 'issuer' | 'subject'>

/** A code that may be exchanged, and who signed in at the provider. */
export type Presented = { id: string; provider: string; profile: Profile }

const placeOf = (id: string) => ({ table: 'oidc_codes', column: 'profile', id })

/**
 * Makes the code that the app gets: 256 random bits, of which the database keeps the hash, for 60 s.
 * @returns null where the account that began is no longer active
 */
export async function issueCode(deps: SsoDeps, journey: Journey, profile: Profile): Promise<string | null> {
  const id = Bun.randomUUIDv7()
  const code = randomBytes(32).toString('base64url')
  const { issuer, subject, ...rest } = profile
  const made = await insertCode(deps.sql, {
    id,
    hash: hashToken(code),
    accountId: journey.purpose.kind === 'link' ? journey.purpose.accountId : null,
    provider: journey.providerId,
    issuer,
    subject,
    codeChallenge: journey.codeChallenge,
    profile: deps.secrets.encrypt(JSON.stringify(rest satisfies Sealed), placeOf(id)),
    ttlSeconds: codeTtlSeconds,
  })
  return made ? code : null
}

type Shown = { code: string; codeVerifier: string }

/**
 * Judges a code without using it up. One that comes with another app's verifier, for another purpose, or from another account is
 * used up: whoever holds it is not whom it was made for.
 * @throws AppError `invalid-code`, in all of these cases, and for what was used, is expired or was never made
 */
export async function presentCode(deps: SsoDeps, { code, codeVerifier }: Shown, purpose: Purpose): Promise<Presented> {
  const stored = await findCode(deps.sql, hashToken(code))
  if (!stored) throw new AppError('invalid-code')
  const { id, provider, issuer, subject } = stored
  const accountId = purpose.kind === 'link' ? purpose.accountId : null
  if (stored.accountId !== accountId || !isVerifierOf(codeVerifier, stored.codeChallenge)) {
    await deleteCode(deps.sql, id)
    throw new AppError('invalid-code')
  }
  const sealed = JSON.parse(deps.secrets.decrypt(stored.profile, placeOf(id))) as Sealed
  return { id, provider, profile: { ...sealed, issuer, subject } }
}

/** Uses a code up. @throws AppError `invalid-code` where another request did, or its time passed */
export async function useCode(sql: Db, { id }: Presented): Promise<void> {
  if (!(await deleteCode(sql, id))) throw new AppError('invalid-code')
}

/** RFC 7636 4.6: BASE64URL(SHA256(verifier)) == challenge. */
function isVerifierOf(verifier: string, challenge: string): boolean {
  const [actual, expected] = [createHash('sha256').update(verifier).digest(), Buffer.from(challenge, 'base64url')]
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}
