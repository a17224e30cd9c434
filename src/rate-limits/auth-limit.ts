import { createMiddleware } from 'hono/factory'
import { AppError } from '../errors/app-error.ts'
import { refusing } from '../http/openapi.ts'
import type { PublicEnv, RequestContext } from '../http/request.ts'
import type { Unit } from './address-tier.ts'
import { refusalOf, tighter } from './result.ts'

type Name = 'auth' | 'register' | 'mail'

/**
 * The auth tier: counts failures per address. With `deferred` the route calls `authTierRefusal` itself, after the body
 * was validated and the lockout checked.
 */
export function authTier({ deferred }: { deferred: boolean }) {
  return countAnswers('auth', isFailure, deferred)
}

/**
 * The register tier: counts registrations per address, also of addresses that have an account, because each costs an
 * argon2 hash and rows for good, and also where the client disconnected. Requests refused unread or for their input do
 * not count.
 */
export const registerTier = countAnswers(
  'register',
  (status, _error, { abandoned }) => status < 300 || status === 409 || (abandoned && status === 504),
  false,
)

/**
 * The mail tier: counts per address the requests that may have sent a mail, also where the client disconnected.
 * Requests refused unread or for their input do not count.
 */
export const mailTier = countAnswers(
  'mail',
  (status, _error, { abandoned }) => status < 300 || (abandoned && status === 504),
  false,
)

/**
 * Consumes a unit of an address before the answer is known, and refunds it on every answer that does not count. While
 * the count cannot be reached, the tier refuses everybody, so that passwords cannot be guessed meanwhile.
 */
function countAnswers(
  name: Name,
  counts: (status: number, error: Error | undefined, context: RequestContext) => boolean,
  deferred: boolean,
) {
  const tier = createMiddleware<PublicEnv>(async function countAnswers(c, next) {
    const { limits, config } = c.get('deps')
    const context = c.get('context')
    const { [name]: counted } = limits
    const limit = { auth: config.rateLimitAuth, register: config.rateLimitRegister, mail: config.rateLimitMail }[name]
    if (!counted || !limit) return next()
    const unit: Unit | null = await counted.consume(context.ip, limit.max)
    if (unit) context.rateLimit = tighter(context.rateLimit ?? null, unit.result)
    if (name === 'auth') context.authResult = unit?.result ?? 'unknown'
    try {
      const refusal = deferred ? null : refusalOf(unit?.result ?? 'unknown')
      if (refusal) throw refusal
      await next()
    } catch (error) {
      await unit?.refund()
      throw error
    }
    if (!counts(c.res.status, c.error, context)) await unit?.refund()
  })
  return refusing(tier, ['service-unavailable'])
}

/** The auth tier's refusal of this address; null while it is below the limit. */
export function authTierRefusal({ authResult }: RequestContext): AppError | null {
  return authResult === undefined ? null : refusalOf(authResult)
}

/**
 * The answers that the auth tier counts: 401, 409, and 429 `account-locked`; not those to an mfaToken that is used or
 * void, with which nothing can be guessed.
 */
function isFailure(status: number, error: Error | undefined): boolean {
  const code = error instanceof AppError ? error.code : null
  return code !== 'invalid-mfa-token' && (status === 401 || status === 409 || code === 'account-locked')
}
