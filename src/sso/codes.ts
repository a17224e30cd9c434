import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { hashToken } from '../crypto/hash.ts'
import type { Db } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Profile } from './claims.ts'
import { deleteCode, findCode, insertCode } from './code-queries.ts'
import type { SsoDeps } from './deps.ts'
import type { Journey, Purpose } from './state.ts'

const codeTtlSeconds = 60

/** The encrypted part of a profile. */
type Sealed = Omit<Profile, 'issuer' | 'subject'>

/** A valid code, with the person who signed in at the provider. */
export type Presented = { id: string; provider: string; profile: Profile }

const placeOf = (id: string) => ({ table: 'oidc_codes', column: 'profile', id })

/**
 * Issues the code that the app gets: 256 random bits, valid for 60 s, of which the database stores the hash.
 * @returns null where the account that adds an identity is no longer active
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
 * Verifies a code without using it up. A code with a wrong PKCE verifier, for another purpose or from another account was stolen, so
 * it is deleted.
 * @throws AppError `invalid-code` in these cases, and for a code that was used, has expired or was never issued
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

/** Uses a code up. @throws AppError `invalid-code` where it was used or has expired */
export async function useCode(sql: Db, { id }: Presented): Promise<void> {
  if (!(await deleteCode(sql, id))) throw new AppError('invalid-code')
}

/** RFC 7636 4.6: BASE64URL(SHA256(verifier)) == challenge. */
function isVerifierOf(verifier: string, challenge: string): boolean {
  const [actual, expected] = [createHash('sha256').update(verifier).digest(), Buffer.from(challenge, 'base64url')]
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}
