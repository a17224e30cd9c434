/**
 * On whose behalf something scarce is used: an account, or the network of a client that did not sign in. Where the
 * service itself works, it is null.
 */
export type Caller = {
  readonly key: string
  readonly isAccount: boolean
  /** It was given a turn before: what it has begun is not refused for what others of its account send. */
  admitted: boolean
}
