/**
 * `unavailable`: out of reach, too slow, 5xx, 429, or our keys are not accepted: the same call may succeed later.
 * `unreadable`: an answer that is not what the provider's reference says, an unknown status among it: as `unavailable`, and logged louder.
 * `unsupported`: the provider cannot do this, for this subscription at least; it never will.
 * `refused`: the provider will not do this, though it understood: the object is in another state than was thought.
 */
export type ProviderFailure = 'unavailable' | 'unreadable' | 'unsupported' | 'refused'

type Options = {
  /** Seconds that the provider asked to wait. */
  retryAfterSeconds?: number
  cause?: unknown
}

/** A call to a provider that failed. Its message is for the log and the administrators: it holds no secret and no personal data. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly failure: ProviderFailure
  readonly retryAfterSeconds: number | undefined

  constructor(failure: ProviderFailure, message: string, { retryAfterSeconds, cause }: Options = {}) {
    super(message, { cause })
    this.failure = failure
    this.retryAfterSeconds = retryAfterSeconds
  }
}
