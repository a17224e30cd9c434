/** What `#error` says of a sign-in that ended at the provider. */
export type ProviderErrorCode = 'access-denied' | 'provider-error'

/**
 * The provider refused, could not be reached in time, or answered something that is not believed. `reason` is for the operator's
 * log: codes alone, never what the provider wrote.
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

/** What went wrong, by the codes of the library that judges providers' answers. */
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

/** A provider chooses what `error` says: only what looks like a code of RFC 6749 is kept. */
const isWord = (text: unknown): text is string => typeof text === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,59}$/.test(text)
