import type { Actor } from '../access/actor.ts'
import { account } from '../audit/actor.ts'
import { raiseSession } from '../auth/session-strength.ts'
import { requireStrongSignIn, sessionOf } from '../auth/sessions.ts'
import { isUniqueViolation } from '../db/database.ts'
import { AppError } from '../errors/app-error.ts'
import type { PasskeyDeps } from './deps.ts'
import { registrationBinding } from './options.ts'
import { countPasskeys, insertPasskey, insertUsedChallenge, type PasskeyItem, updateSecondFactors } from './queries.ts'
import type { NewPasskey } from './schemas.ts'
import { verifyRegistration } from './webauthn.ts'

/** Passkeys that an account may have. */
const maxPasskeys = 20

/**
 * Adds a passkey by the response to `passkeyCreationOptions` (WebAuthn Level 3, 7.1). Making it included user verification, so the
 * session is `aal2` from then on.
 * @throws AppError `invalid-passkey`, `too-many-passkeys`, `already-exists` (field `response`) where it is registered already,
 *   and those of requireStrongSignIn
 */
export async function addPasskey(
  deps: PasskeyDeps,
  actor: Actor,
  { challengeToken, response, name }: NewPasskey,
): Promise<PasskeyItem> {
  const { principal, origin } = actor
  const { accountId } = principal
  const challenge = deps.passkeys.challenges.read(challengeToken, registrationBinding(principal))
  const verified = challenge
    ? await verifyRegistration(deps.config, challenge, response)
    : { refused: 'the challenge was not issued for this, or has run out' }
  if (!challenge || 'refused' in verified) {
    deps.passkeys.figures.count('register', 'refused')
    const reason = 'refused' in verified ? verified.refused : ''
    deps.log.info({ requestId: origin.requestId, accountId, purpose: 'register', reason }, 'passkey refused')
    throw new AppError('invalid-passkey')
  }
  const { backupEligible, backedUp } = verified
  const row = { id: Bun.randomUUIDv7(), accountId, name, transports: response.response.transports ?? [], ...verified }
  const createdAt = await deps.sql
    .begin(async (tx) => {
      // Locks the owner's row, so that concurrent requests cannot exceed the limit.
      await requireStrongSignIn(tx, principal)
      if ((await countPasskeys(tx, accountId)) >= maxPasskeys) throw new AppError('too-many-passkeys')
      const isFresh = await insertUsedChallenge(tx, Buffer.from(challenge.text, 'base64url'), challenge.expiresAt)
      if (!isFresh) throw new AppError('invalid-passkey')
      const inserted = await insertPasskey(tx, row)
      await updateSecondFactors(tx, accountId)
      await raiseSession(tx, { accountId, sessionId: sessionOf(principal), amr: [backupEligible ? 'swk' : 'hwk'] })
      const details = { passkeyId: row.id, backupEligible, backedUp }
      await deps.audit.record(tx, actor, 'passkey.create', account(accountId), { details, after: { name } })
      await deps.mail.notify(tx, accountId, 'sign-in-method-added', { method: 'passkey' })
      return inserted
    })
    .catch((error) => {
      if (!isUniqueViolation(error, 'passkeys_credential_key')) throw error
      throw new AppError('already-exists', { members: { field: 'response' }, cause: error })
    })
  deps.passkeys.figures.count('register', 'accepted')
  return { id: row.id, name, createdAt, lastUsedAt: null, backedUp }
}
