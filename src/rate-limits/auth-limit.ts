import { createMiddleware } from 'hono/factory'
import { AppError } from '../errors/app-error.ts'
import { refusing } from '../http/openapi.ts'
import type { PublicEnv, RequestContext } from '../http/request.ts'
import type { Unit } from './address-tier.ts'
import { refusalOf, tighter } from './result.ts'

type Name = 'auth' | 'register' | 'mail'

/**
 * The auth tier: counts failures per address. With `deferred` the route asks `authTierRefusal` itself, after body and
 * lockout were judged.
 */
export function authTier({ deferred }: { deferred: boolean }) {
  return countAnswers('auth', isFailure, deferred)
}

/**
 * The register tier: counts accounts per address, those that were made and those that were there, for each costs an
 * argon2 hash and rows for good; and those who left before the answer. What is refused unread or for its input costs nothing.
 */
export const registerTier = countAnswers(
  'register',
  (status, _error, { abandoned }) => status < 300 || status === 409 || (abandoned && status === 504),
  false,
)

/**
 * The mail tier: counts what may have mailed, per address; also who left before the answer. What is refused unread or for its
 * input costs nothing.
 */
export const mailTier = countAnswers(
  'mail',
  (status, _error, { abandoned }) => status < 300 || (abandoned && status === 504),
  false,
)

/**
 * Consumes a unit of an address before the answer is known, and refunds it on every answer that does not count. While the count is
 * out of reach, the tier refuses everybody: passwords must not be open to guessing meanwhile.
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

/** What the auth tier answers to this address; null while it may try. */
export function authTierRefusal({ authResult }: RequestContext): AppError | null {
  return authResult === undefined ? null : refusalOf(authResult)
}

/**
 * What the auth tier counts: 401, 409, and 429 `account-locked`; not an mfaToken that is spent or void, of which there is nothing
 * to guess.
 */
function isFailure(status: number, error: Error | undefined): boolean {
  const code = error instanceof AppError ? error.code : null
  return code !== 'invalid-mfa-token' && (status === 401 || status === 409 || code === 'account-locked')
}
