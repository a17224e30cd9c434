import type { NoticeData, NoticeKind } from './notice-data.ts'

/** Hours for which the link of a mail works, from when it was made. */
type Valid = { validHours: number }

/** The data of mails that were requested or have a link. The link itself is passed separately. */
export type RequestedMailData = {
  'verify-email': Valid
  /** `undo`: a change of address was undone, and the account has no password any more. */
  'reset-password': Valid & { cause: 'asked' | 'administrator' | 'undo' }
  'confirm-email': Valid
  'undo-email': Valid & { newEmail: string }
  /** Display names of `role` and `plan`; null where they are the default ones. */
  'accept-invitation': Valid & { inviter: string | null; role: string | null; plan: string | null }
  /** Names that the team and the inviter gave themselves; null without one. */
  'team-invitation': Valid & { team: string | null; inviter: string | null }
  /** Sent to the address that an undo removed from the account. */
  'email-change-undone': Record<never, never>
  'inactive-account': { lastNotice: boolean; eraseAt: string }
  'account-erased': { at: string; by: 'person' | 'administrator' | 'inactivity' }
}

/** The data of every template, by its name. */
export type MailData = RequestedMailData & { [K in NoticeKind]: NoticeData<K> }
export type MailName = keyof MailData
