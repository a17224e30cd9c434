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
  /** The failure of the way to the provider. It is logged: nothing that the provider said. */
  cause?: unknown
  /** What the provider said, for whoever called it. It may quote what was sent: no log gets it. */
  answer?: unknown
}

/** A provider's own code of a failure as it may be shown: a word, and no value that came with it. */
export function shownCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Za-z_]{1,60}$/.test(code) ? code : undefined
}

/** Which fields of an answer are not as a schema says: their names, where they are names, and nothing of their values. */
export function shownFields(issues: readonly { path: readonly PropertyKey[] }[]): string {
  const names = issues.map(({ path }) => path.map(String).join('.')).filter((name) => /^[a-z_.0-9]{1,100}$/.test(name))
  return [...new Set(names)].slice(0, 5).join(', ') || 'the answer'
}

/** A call to a provider that failed. Its message is for the log and the administrators: it holds no secret and no personal data. */
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
