/**
 * `unavailable`: cannot be reached, too slow, 5xx, 429, or our keys are refused: the same call may succeed later.
 * `unreadable`: an answer that does not match the provider's reference, such as an unknown status. Retried like `unavailable`.
 * `unsupported`: the provider cannot do this, at least for this subscription; a retry cannot succeed.
 * `refused`: the provider understood and refuses: the object is in an unexpected state.
 */
export type ProviderFailure = 'unavailable' | 'unreadable' | 'unsupported' | 'refused'

type Options = {
  /** The provider's Retry-After, in seconds. */
  retryAfterSeconds?: number
  /** The error of the connection. It is logged, and holds nothing that the provider answered. */
  cause?: unknown
  /** The provider's answer, for the caller. It may quote what was sent, so it is not logged. */
  answer?: unknown
}

/** A provider's error code, if it has the form of one and so holds no value; else undefined. */
export function shownCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Za-z_]{1,60}$/.test(code) ? code : undefined
}

/** The names of the invalid fields of an answer, at most five, without values. */
export function shownFields(issues: readonly { path: readonly PropertyKey[] }[]): string {
  const names = issues.map(({ path }) => path.map(String).join('.')).filter((name) => /^[a-z_.0-9]{1,100}$/.test(name))
  return [...new Set(names)].slice(0, 5).join(', ') || 'the answer'
}

/** A failed call to a provider. The message is for the log and administrators: it holds no secret and no personal data. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly failure: ProviderFailure
  readonly retryAfterSeconds: number | undefined
  readonly answer: unknown

  constructor(failure: ProviderFailure, message: string, { retryAfterSeconds, cause, answer }: Options = {}) {
    super(message, { cause })
    this.failure = failure
    this.answer = answer
    this.retryAfterSeconds = retryAfterSeconds
  }
}
