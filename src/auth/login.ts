import type { Origin } from '../audit/actor.ts'
import { AppError } from '../errors/app-error.ts'
import type { AuthDeps } from './deps.ts'
import type { Device } from './device-tokens.ts'
import { recordFailedCheck } from './failed-checks.ts'
import { release, requireAdmitted } from './lockout.ts'
import { countPasswordCheck } from './password-checks.ts'
import {
  type Credentials,
  findCredentials,
  findLockoutSeconds,
  reserveLogin,
  updateHash,
  updateLastLogin,
} from './queries.ts'
import type { Reservation } from './reservation.ts'
import type { Login, MfaRequired } from './schemas.ts'
import { askSecondFactor } from './second-factor.ts'
import type { SessionBody } from './session-body.ts'
import { completeSignIn } from './sign-in.ts'

type Options = {
  /** From `X-Device-Token`. */
  deviceToken: string | undefined
  /** The auth limiter's refusal of this address: then only the lockout is read, and no password is verified. */
  refusal: AppError | null
  signal?: AbortSignal
}

/**
 * Logs a person in, whatever their plan. An unknown address, a wrong password, a locked and a deleted account cost the
 * same work and answer alike. Where the account has a second factor, the answer asks for it and no session is opened.
 * @throws AppError `invalid-credentials`, `account-locked`, `rate-limited`, `overloaded`, `service-unavailable`;
 *   `email-not-verified` to the right password alone, where an address must be verified
 */
export async function login(
  deps: AuthDeps,
  origin: Origin,
  input: Login,
  options: Options,
): Promise<SessionBody | MfaRequired> {
  const emailKey = deps.counterKey('email', input.email)
  if (options.refusal) {
    const seconds = await findLockoutSeconds(deps.sql, emailKey)
    if (seconds !== null) throw new AppError('account-locked', { retryAfter: seconds })
    throw options.refusal
  }
  const device = deps.deviceTokens.read(options.deviceToken)
  const known = device && { ...device, key: deps.counterKey('device', device.deviceId) }
  const attemptId = Bun.randomUUIDv7()
  const reserved = await reserveLogin(deps.sql, input.email, emailKey, known, attemptId)
  requireAdmitted(reserved)
  const reservation: Reservation =
    reserved.isDevice && known
      ? { key: known.key, attemptId, counter: 'device' }
      : { key: emailKey, attemptId, counter: 'email' }
  let uncount: () => unknown = () => {}
  let isVerified = false
  try {
    uncount = await countPasswordCheck(deps, 'log-in', emailKey.toString('base64url'))
    const verified = await verify(deps, toCredentials(reserved), input.password, options.signal)
    isVerified = verified !== null
    if (verified) {
      if (deps.config.requireEmailVerification && !verified.emailVerified) throw new AppError('email-not-verified')
      const answer = await continueSignIn(deps, origin, {
        credentials: verified,
        password: input.password,
        reservation,
        device,
        signal: options.signal,
      })
      if (answer) return answer
    }
  } catch (error) {
    // A right password stays counted, even when the client left before the answer.
    if (!isVerified) await uncount()
    await release(deps, reservation)
    throw error
  }
  await uncount()
  await recordFailedCheck(deps, origin, reservation, reserved.id)
  throw new AppError('invalid-credentials')
}

/** Credentials whose password was verified, so it is not null. */
type ProvedCredentials = Credentials & { passwordHash: string }

/** The credentials if the password is right and the account active, else null, after the same work. */
async function verify(
  deps: AuthDeps,
  credentials: Credentials | null,
  password: string,
  signal?: AbortSignal,
): Promise<ProvedCredentials | null> {
  const passwordHash = credentials?.passwordHash ?? null
  const isRight = await deps.passwords.verify(passwordHash, password, signal)
  return isRight && passwordHash !== null && credentials?.status === 'active' ? { ...credentials, passwordHash } : null
}

type Verified = {
  credentials: ProvedCredentials
  password: string
  reservation: Reservation
  /** From `X-Device-Token`; the signature is valid, but it may belong to another account. */
  device: Device | null
  signal: AbortSignal | undefined
}

/**
 * Opens a session, or asks for the second factor. When password, status or factors changed during the verification, the password is
 * verified once more.
 * @returns null when it no longer matches
 */
async function continueSignIn(
  deps: AuthDeps,
  origin: Origin,
  verified: Verified,
): Promise<SessionBody | MfaRequired | null> {
  const { credentials, password, reservation, device, signal } = verified
  const isKnown = device?.accountId === credentials.id && device.passwordVersion === credentials.passwordVersion
  const deviceId = isKnown ? device.deviceId : null
  const newHash = deps.passwords.needsRehash(credentials.passwordHash)
    ? await deps.passwords.hash(password, signal)
    : null
  if (credentials.secondFactors.length > 0) {
    if (newHash) await updateHash(deps.sql, credentials, newHash)
    const asked = await askSecondFactor(deps, { account: credentials, amr: ['pwd'], origin, deviceId, reservation })
    if (asked) return asked
  } else {
    const body = await completeSignIn(deps, credentials.id, {
      method: 'password',
      amr: ['pwd'],
      origin,
      reservation,
      isNewDevice: deviceId === null,
      prove: (tx) => updateLastLogin(tx, credentials, newHash),
      isPipelined: true,
    })
    if (body) return body
  }
  const changed = await verify(deps, await findCredentials(deps.sql, credentials.id), password, signal)
  return changed && haveChanged(credentials, changed)
    ? continueSignIn(deps, origin, { ...verified, credentials: changed })
    : null
}

function haveChanged(before: Credentials, after: Credentials): boolean {
  return before.passwordVersion !== after.passwordVersion || before.secondFactors.join() !== after.secondFactors.join()
}

function toCredentials({
  id,
  passwordHash,
  passwordVersion,
  status,
  emailVerified,
  secondFactors,
}: { [K in keyof Credentials]: Credentials[K] | null }): Credentials | null {
  return id && passwordVersion && status
    ? {
        id,
        passwordHash,
        passwordVersion,
        status,
        emailVerified: emailVerified === true,
        secondFactors: secondFactors ?? [],
      }
    : null
}
