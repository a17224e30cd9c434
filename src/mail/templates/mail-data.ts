import type { NoticeData, NoticeKind } from './notice-data.ts'

/** How long the link of a mail works, from when it was made. */
type Valid = { validHours: number }

/** What the mails say that somebody asked for, or that carry a link. The link itself is handed over beside it. */
export type RequestedMailData = {
  'verify-email': Valid
  /** `undo`: a change of address was taken back, and the account has no password any more. */
  'reset-password': Valid & { cause: 'asked' | 'administrator' | 'undo' }
  'confirm-email': Valid
  'undo-email': Valid & { newEmail: string }
  /** `role` and `plan`, as people see them: null where they are those that everybody has. */
  'accept-invitation': Valid & { inviter: string | null; role: string | null; plan: string | null }
  /** `team` and `inviter`: as they call themselves; null where they do not. */
  'team-invitation': Valid & { team: string | null; inviter: string | null }
  /** To the address that an undo took away from the account. */
  'email-change-undone': Record<never, never>
  'inactive-account': { lastNotice: boolean; eraseAt: string }
  'account-erased': { at: string; by: 'person' | 'administrator' | 'inactivity' }
}

/** The data of every template, by its name. */
export type MailData = RequestedMailData & { [K in NoticeKind]: NoticeData<K> }
export type MailName = keyof MailData
