/** The origin of a request; a User-Agent is shown in words of our own only. */
type From = { userAgent: string | null; ip: string | null }

export type SignInMethod = 'password' | 'totp' | 'passkey' | 'identity' | 'recovery-codes'

export type TeamChange = 'joined' | 'left' | 'removed' | 'surplus' | 'ended'

export type SubscriptionChange =
  | 'trial-begun'
  | 'begun'
  | 'granted'
  | 'changed'
  | 'cancelled'
  | 'resumed'
  | 'ended'
  | 'payment-failed'
  | 'refunded'

/** The data of one event of each kind of security notice, beside its time. All of it is shown as text. */
export type NoticeDetails = {
  'new-device': From
  'password-changed': { ip: string | null }
  'password-reset': { ip: string | null }
  /** A change was requested: sent to the present address, before the new one is confirmed. */
  'email-change-requested': { newEmail: string }
  /** Sent to the new address; the old one gets `undo-email`. */
  'email-changed': { oldEmail: string }
  lockout: { ip: string | null }
  /** Many wrong codes of a second factor: the sender had the password. */
  'code-lockout': { ip: string | null }
  'sign-in-method-added': { method: SignInMethod }
  'sign-in-method-removed': { method: SignInMethod; byAdministrator?: boolean }
  'recovery-code-used': { codesLeft: number }
  /** A passkey's signature counter went back: there is a copy of the passkey. */
  'passkey-copied': From
  /** Without the key's name: the account's holder chooses it, and the address may belong to somebody else. */
  'api-key-created': { prefix: string; ip: string | null }
  'role-raised': { role: string }
  'refresh-token-reused': From
  /** `plan`: display name; `until`: the end of the period, ISO 8601, where it has one. */
  'subscription-changed': { plan: string; change: SubscriptionChange; until: string | null }
  /** `gone`: the receiver answered 410; `failing`: no delivery succeeded for five days. */
  'webhook-disabled': { host: string; reason: 'gone' | 'failing' }
  /** About the account's membership; `team`: the name that its owner chose. */
  'team-changed': { team: string | null; change: TeamChange }
  /**
   * The plan has too few seats. For the owner `members` is the number of people who will leave; for those people it is
   * null. `until`: ISO 8601.
   */
  'team-seats': { team: string | null; members: number | null; until: string }
  /** Anybody can cause these two any number of times; combined, they do not fill a mailbox. */
  'registration-attempted': Record<never, never>
  'email-change-taken': Record<never, never>
}

export type NoticeKind = keyof NoticeDetails

/** One event of a notice; `at` is ISO 8601 in UTC, by the database's clock. */
export type NoticeEvent<K extends NoticeKind> = { at: string } & NoticeDetails[K]

/** All events of a kind within 10 minutes, oldest first; `more`: the number of further events that are not listed. */
export type NoticeData<K extends NoticeKind> = { events: NoticeEvent<K>[]; more?: number }
