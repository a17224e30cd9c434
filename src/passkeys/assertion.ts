import { lockAccount } from '../access/hierarchy.ts'
import type { AuthMethod } from '../access/strength.ts'
import { account, anonymous, type Origin } from '../audit/actor.ts'
import { recordFailedSignIn } from '../auth/passwordless.ts'
import type { Db, Fragment, Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { ChallengeBinding } from './challenges.ts'
import type { PasskeyDeps } from './deps.ts'
import {
  countPasskeys,
  findPasskey,
  insertUsedChallenge,
  type StoredPasskey,
  storedPasskeyQuery,
  type Use,
  updateUsed,
  usedCtes,
} from './queries.ts'
import type { PasskeyResponse } from './schemas.ts'
import { verifyAssertion } from './webauthn.ts'

/** A verified assertion. It has no effect until `usePasskey` uses its challenge up. */
export type VerifiedPasskey = {
  accountId: string
  passkeyId: string
  /** RFC 8176: `swk` where the key may be copied to other devices, else `hwk`. With user verification either makes aal2. */
  amr: readonly AuthMethod[]
  /** Of the account. */
  emailVerified: boolean
  passwordVersion: number
  use: Use
}

/** Dependencies of verifying an assertion. */
type AssertionDeps = Pick<PasskeyDeps, 'sql' | 'log' | 'audit' | 'mail' | 'passkeys' | 'config' | 'networkHash'>

export type { StoredPasskey }

/** SQL: the passkey that a response names, for the caller's own statement; its row goes to `verifyPasskey` as `found`. */
export function presentedPasskey(sql: Db, { response }: PasskeyResponse) {
  return storedPasskeyQuery(sql, credentialIdOf(response))
}

const credentialIdOf = (response: PasskeyResponse['response']): Buffer => Buffer.from(response.id, 'base64url')

/**
 * Verifies a response to `passkeyRequestOptions` with the same binding (WebAuthn Level 3, 7.2). One statement, which uses nothing up:
 * call `usePasskey` in the transaction that acts on it. A passkey whose signature counter did not increase may have been cloned: that is
 * audited, and the owner notified by mail, before it is refused.
 * @param found the row that the caller's statement read by `presentedPasskey`; without it one statement runs here
 * @throws AppError `invalid-passkey`
 */
export async function verifyPasskey(
  deps: AssertionDeps,
  origin: Origin,
  binding: ChallengeBinding,
  { challengeToken, response }: PasskeyResponse,
  found?: StoredPasskey | null,
): Promise<VerifiedPasskey> {
  const challenge = deps.passkeys.challenges.read(challengeToken, binding)
  if (!challenge) throw await refuse(deps, origin, binding, 'the challenge was not issued for this, or has run out')
  const stored = found === undefined ? await findPasskey(deps.sql, credentialIdOf(response)) : found
  if (!stored) throw await refuse(deps, origin, binding, 'the passkey is not known')
  const { accountId } = stored
  const wrong = ownerMismatch(stored, binding, response.response.userHandle)
  if (wrong) throw await refuse(deps, origin, binding, wrong, accountId)
  const verified = await verifyAssertion(deps.config, challenge, response, stored.publicKey)
  if ('refused' in verified) throw await refuse(deps, origin, binding, verified.refused, accountId)
  // Level 3, 7.2 step 19: the backup eligibility of a credential never changes.
  if (verified.backupEligible !== stored.backupEligible)
    throw await refuse(deps, origin, binding, 'its backup eligibility has changed', accountId)
  const use = {
    passkeyId: stored.id,
    accountId,
    challenge: Buffer.from(challenge.text, 'base64url'),
    expiresAt: challenge.expiresAt,
    signCount: verified.signCount,
    backedUp: verified.backedUp,
  }
  if (hasGoneBack(stored, verified)) {
    await reportCopied(deps, origin, use, stored)
    deps.passkeys.figures.count(binding.purpose, 'copied')
    throw new AppError('invalid-passkey')
  }
  if (!stored.isActive) throw await refuse(deps, origin, binding, 'the account is not active', accountId)
  deps.passkeys.figures.count(binding.purpose, 'accepted')
  const { emailVerified, passwordVersion } = stored
  const amr = [stored.backupEligible ? 'swk' : 'hwk'] as const
  return { accountId, passkeyId: stored.id, amr, emailVerified, passwordVersion, use }
}

/**
 * Uses up the challenge of a verified response and stores the new signature counter. The transaction has locked the account's row and
 * found it active. One statement.
 * @returns false, with nothing changed, where the challenge was used or has expired, or the passkey was removed or used meanwhile
 */
export function usePasskey(tx: Tx, { use }: VerifiedPasskey): Promise<boolean> {
  return updateUsed(tx, use)
}

/** usePasskey as CTEs of the caller's statement, where `condition` holds: `used_passkey` has a row where it succeeded. */
export function usedPasskeyCtes(sql: Db, { use }: VerifiedPasskey, condition: Fragment) {
  return usedCtes(sql, use, condition)
}

/** How a passkey belongs to the wrong account; null: it does not. Where no account is known the user handle is required (7.2 step 6). */
function ownerMismatch(
  stored: StoredPasskey,
  binding: ChallengeBinding,
  userHandle: string | null | undefined,
): string | null {
  if (binding.purpose !== 'sign-in' && binding.accountId !== stored.accountId)
    return 'it is the passkey of somebody else'
  const isExpected = userHandle ? userHandle === userHandleOf(stored.accountId) : binding.purpose !== 'sign-in'
  return isExpected ? null : 'the user handle is of somebody else'
}

/** The user handle (WebAuthn Level 3, 5.4.3): the bytes of the account's id. An authenticator replaces a passkey of the same handle. */
export function userHandleOf(accountId: string): string {
  return Buffer.from(accountId.replaceAll('-', ''), 'hex').toString('base64url')
}

/** Whether the signature counter did not increase (Level 3, 7.2 step 22). Authenticators without a counter always send 0. */
function hasGoneBack(stored: StoredPasskey, verified: { signCount: number }): boolean {
  return verified.signCount <= stored.signCount && !(verified.signCount === 0 && stored.signCount === 0)
}

/** Audits a copied passkey and notifies its owner: once for each challenge, however often the response is sent. */
async function reportCopied(
  deps: AssertionDeps,
  origin: Origin,
  use: Use,
  { signCount }: StoredPasskey,
): Promise<void> {
  const { accountId, passkeyId, challenge, expiresAt } = use
  const details = { passkeyId, signCount, presented: use.signCount }
  const report = async (tx: Tx) => {
    await lockAccount(tx, accountId)
    // Removed meanwhile, as by an erasure of the account.
    if ((await countPasskeys(tx, accountId)) === 0) return
    if (!(await insertUsedChallenge(tx, challenge, expiresAt))) return
    await deps.audit.record(tx, anonymous(origin), 'passkey.refuse_copy', account(accountId), { details })
    await deps.mail.notify(tx, accountId, 'passkey-copied', { ip: origin.ip, userAgent: origin.userAgent })
  }
  await deps.sql.begin(report, { evenIfAbandoned: true })
  const { requestId } = origin
  deps.log.warn({ requestId, accountId, ...details, network: deps.networkHash(origin.ip) }, 'copied passkey refused')
}

/** Logs and counts a refusal, and stores a failed sign-in for the passkey's owner. */
async function refuse(
  deps: AssertionDeps,
  origin: Origin,
  { purpose }: ChallengeBinding,
  reason: string,
  accountId: string | null = null,
): Promise<AppError> {
  deps.passkeys.figures.count(purpose, 'refused')
  const { requestId } = origin
  deps.log.info({ requestId, accountId, purpose, reason, network: deps.networkHash(origin.ip) }, 'passkey refused')
  if (accountId !== null && purpose === 'sign-in') await recordFailedSignIn(deps.sql, accountId, origin)
  return new AppError('invalid-passkey')
}
