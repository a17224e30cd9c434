/** The values of `#error` for a sign-in that failed at the provider. */
type ProviderErrorCode = 'access-denied' | 'provider-error'

/**
 * The provider refused, did not answer in time, or gave an invalid answer. `reason` is for the operator's log: it holds codes only, never
 * the provider's text.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly code: ProviderErrorCode
  readonly reason: string

  constructor(code: ProviderErrorCode, reason: string) {
    super(`${code}: ${reason}`)
    this.code = code
    this.reason = reason
  }
}

/** Maps an error of the OpenID Connect library by its code. */
export function toProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error
  const {
    code,
    error: answered,
    name,
  } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const isAnswer = code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR'
  if (isAnswer && answered === 'access_denied') return new ProviderError('access-denied', answered)
  const reasons = [code, answered, code === undefined ? name : undefined].filter(isWord)
  return new ProviderError('provider-error', reasons.join(' ') || 'unknown')
}

/** The provider controls `error`: only values with the form of an error code of RFC 6749 are kept. */
const isWord = (text: unknown): text is string => typeof text === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,59}$/.test(text)
