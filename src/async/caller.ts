/**
 * The account or, without a sign-in, the client's network for which a scarce resource is used. Null for the service's
 * own work.
 */
export type Caller = {
  readonly key: string
  readonly isAccount: boolean
  /** The request was admitted before, so its later waits are not refused for the account's other requests. */
  admitted: boolean
}
