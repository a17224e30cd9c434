/** A plan, as people see it (`displayName`). */
type Plan = { plan: string }
/** How long the link of a mail works, from when it was made. */
type Valid = { validHours: number }
/** Where a request came from; the User-Agent is shown in our own words alone. */
type From = { userAgent: string | null; ip: string | null }
type Nothing = Record<never, never>

export type SubscriptionEvent =
  | 'trial-begun'
  | 'plan-begun'
  | 'plan-granted'
  | 'plan-changed'
  | 'cancelled'
  | 'resumed'
  | 'ended'
  | 'payment-failed'
  | 'refunded'

/** What a security notice tells of one event. The mail room adds when it happened. */
export type NoticeData = {
  'new-device': From
  'password-changed': Nothing
  'password-reset': Nothing
  /** To the old address, before the new one is confirmed. */
  'email-change-requested': { newEmail: string }
  /** To the new address; the old one gets `undo-email`. */
  'email-changed': { oldEmail: string }
  /** To the address that an undo took away from the account. */
  'email-change-undone': Nothing
  'lockout-begun': Nothing
  'sign-in-method-added': { method: SignInMethod }
  'sign-in-method-removed': { method: SignInMethod; byAdministrator?: boolean }
  'recovery-code-used': { left: number }
  /** Not its name: whoever holds the account chooses that, and the address may be somebody else's. */
  'api-key-made': { prefix: string }
  'role-raised': { role: string }
  'refresh-token-reused': From
  /** `until`: when the period ends, where it has an end (ISO 8601). */
  subscription: Plan & { event: SubscriptionEvent; until: string | null }
}
export type NoticeKind = keyof NoticeData
export type SignInMethod = 'password' | 'totp' | 'passkey' | 'identity' | 'recovery-codes'

/** A gathered notice: what happened, the oldest first. `at` is ISO 8601. */
export type Gathered<Item> = { items: (Item & { at: string })[] }

/** What each mail is written from. A link is never part of it: it is kept encrypted, and handed over by itself. */
export type MailData = { [Kind in NoticeKind]: Gathered<NoticeData[Kind]> } & {
  'verify-email': Valid
  'reset-password': Valid & { cause: 'asked' | 'administrator' | 'undo' }
  'confirm-email': Valid
  'undo-email': Valid & { newEmail: string }
  /** `role` and `plan`: null where they are those that everybody has. */
  'accept-invitation': Valid & { inviter: string | null; role: string | null; plan: string | null }
  'registration-attempted': Nothing
  'email-change-taken': Nothing
  'inactive-account': { lastNotice: boolean; eraseAt: string }
  erased: { at: string; by: 'person' | 'administrator' | 'inactivity' }
}
export type MailTemplate = keyof MailData

/** The mails that carry a link. */
export const linkTemplates = [
  'verify-email',
  'reset-password',
  'confirm-email',
  'undo-email',
  'accept-invitation',
] as const satisfies MailTemplate[]
export type LinkTemplate = (typeof linkTemplates)[number]
