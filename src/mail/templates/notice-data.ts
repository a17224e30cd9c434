/** Where a request came from; a User-Agent is shown in our own words alone. */
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

/** What each kind of security notice tells of one event, beside its moment. All of it is shown as text. */
export type NoticeDetails = {
  'new-device': From
  'password-changed': { ip: string | null }
  'password-reset': { ip: string | null }
  /** A change was asked for: to the address in force, before the new one is confirmed. */
  'email-change-requested': { newEmail: string }
  /** To the new address; the old one gets `undo-email`. */
  'email-changed': { oldEmail: string }
  lockout: { ip: string | null }
  /** Many wrong codes of a second factor: whoever tried them had the password. */
  'code-lockout': { ip: string | null }
  'sign-in-method-added': { method: SignInMethod }
  'sign-in-method-removed': { method: SignInMethod; byAdministrator?: boolean }
  'recovery-code-used': { codesLeft: number }
  /** A passkey was right, but had been used more often before: there are two of it. */
  'passkey-copied': From
  /** Not the key's name: whoever holds the account chooses it, and the address may be somebody else's. */
  'api-key-created': { prefix: string; ip: string | null }
  'role-raised': { role: string }
  'refresh-token-reused': From
  /** `plan`: as people see it; `until`: when the period ends, ISO 8601, where it has an end. */
  'subscription-changed': { plan: string; change: SubscriptionChange; until: string | null }
  /** `gone`: the receiver said so; `failing`: nothing came through for five days. */
  'webhook-disabled': { host: string; reason: 'gone' | 'failing' }
  /** Of the account's membership; `team`: as its owner calls it. */
  'team-changed': { team: string | null; change: TeamChange }
  /** The plan has too few seats: to the owner, how many leave when; to whoever leaves, null. `until`: ISO 8601. */
  'team-seats': { team: string | null; members: number | null; until: string }
  /** Strangers bring these two about, as often as they like: gathered, they fill no mailbox. */
  'registration-attempted': Record<never, never>
  'email-change-taken': Record<never, never>
}

export type NoticeKind = keyof NoticeDetails

/** One event of a notice; `at` is ISO 8601 in UTC, by the database's clock. */
export type NoticeEvent<K extends NoticeKind> = { at: string } & NoticeDetails[K]

/** All events of a kind within 10 minutes, oldest first; `more`: how many followed that are not listed. */
export type NoticeData<K extends NoticeKind> = { events: NoticeEvent<K>[]; more?: number }
