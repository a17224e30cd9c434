import type { Origin } from '../audit/actor.ts'
import { recordSignIn } from '../auth/passwordless.ts'
import type { MfaRequired } from '../auth/schemas.ts'
import { askSecondFactor } from '../auth/second-factor.ts'
import type { SessionBody } from '../auth/session-body.ts'
import { completeSignIn } from '../auth/sign-in.ts'
import { AppError } from '../errors/app-error.ts'
import { presentCode, useCode } from './codes.ts'
import type { SsoDeps } from './deps.ts'
import { ChangedMeanwhileError, type Entry, hasChangedMeanwhile, knownDevice } from './entry.ts'
import { join, register } from './new-identities.ts'
import { findOwner, lockStanding, type Standing, touchIdentity } from './queries.ts'
import type { Exchange } from './schemas.ts'
import { evaluateProfile } from './verdict.ts'

/** Each further try follows a concurrent commit of another request. */
const maxAttempts = 5

/**
 * Signs a person in by the code that their app got from the callback: into the account of the identity, into an account with the same
 * verified address, to which the identity is then added, or into a new one. Where the account has a second factor, the answer asks for
 * it and no session is opened.
 * @throws AppError `invalid-code`; `identity-conflict`, `account-disabled` where that changed since the callback;
 *   `email-not-verified` where an address must be verified; `too-many-identities`
 */
export async function exchange(
  deps: SsoDeps,
  origin: Origin,
  shown: Exchange,
  deviceToken: string | undefined,
): Promise<SessionBody | MfaRequired> {
  for (let tries = 0; tries < maxAttempts; tries++) {
    const presented = await presentCode(deps, shown, { kind: 'sign-in' })
    try {
      return await signIn(deps, { presented, origin, deviceToken })
    } catch (error) {
      if (!hasChangedMeanwhile(error)) throw error
    }
  }
  throw new AppError('invalid-code')
}

async function signIn(deps: SsoDeps, entry: Entry): Promise<SessionBody | MfaRequired> {
  const verdict = await evaluateProfile(deps.sql, entry.presented.profile)
  switch (verdict.kind) {
    case 'known':
      return signInToAccount(deps, entry, verdict.account)
    case 'join':
      return join(deps, entry, verdict.account)
    case 'new':
      return register(deps, entry, verdict.email)
    case 'refused':
      await useCode(deps.sql, entry.presented)
      throw new AppError(verdict.code === 'account-unavailable' ? 'account-disabled' : 'identity-conflict')
    default: {
      const missing: never = verdict
      throw new Error(`nothing is said of ${missing}`)
    }
  }
}

/** Signs in to the account of the identity. */
async function signInToAccount(deps: SsoDeps, entry: Entry, account: Standing): Promise<SessionBody | MfaRequired> {
  const { presented, origin } = entry
  if (deps.config.requireEmailVerification && !account.emailVerified) {
    await useCode(deps.sql, presented)
    throw new AppError('email-not-verified')
  }
  if (account.secondFactors.length > 0) return startSecondStep(deps, entry, account)
  const session = await completeSignIn(deps, account.id, {
    method: 'identity',
    amr: ['fed'],
    origin,
    isNewDevice: knownDevice(deps, entry, account) === null,
    details: { provider: presented.provider },
    async prove(tx) {
      // Locks the account's row: a concurrent change of identity, status or factors has committed, or waits.
      const isActive = await recordSignIn(tx, account.id, origin)
      const owner = await findOwner(tx, presented.profile)
      if (!isActive || owner?.id !== account.id || owner.secondFactors.length > 0) throw new ChangedMeanwhileError()
      await useCode(tx, presented)
      return touchIdentity(tx, presented)
    },
  })
  if (!session) throw new ChangedMeanwhileError()
  return session
}

/** Uses the code up and asks for the second factor, which the account still has. */
async function startSecondStep(deps: SsoDeps, entry: Entry, { id }: Standing): Promise<MfaRequired> {
  const { presented, origin } = entry
  const account = await deps.sql.begin(async (tx) => {
    const current = await lockStanding(tx, id)
    const owner = await findOwner(tx, presented.profile)
    if (current?.status !== 'active' || current.secondFactors.length === 0 || owner?.id !== id)
      throw new ChangedMeanwhileError()
    await useCode(tx, presented)
    await touchIdentity(tx, presented)
    return current
  })
  const { passwordVersion, secondFactors } = account
  const asked = await askSecondFactor(deps, {
    account: { id, passwordVersion, secondFactors },
    amr: ['fed'],
    origin,
    deviceId: knownDevice(deps, entry, account),
  })
  // The account changed since the code was used up.
  if (!asked) throw new AppError('invalid-code')
  return asked
}
