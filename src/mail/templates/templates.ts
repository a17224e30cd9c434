import { accountLetters } from './account-letters.ts'
import { accountNotices } from './account-notices.ts'
import { addressNotices } from './address-notices.ts'
import { displayDay, displayTime } from './display.ts'
import { htmlMail } from './layout.tsx'
import type { LetterTexts } from './letter.ts'
import { linkLetters } from './link-letters.ts'
import type { MailData, MailName } from './mail-data.ts'
import type { NoticeData, NoticeKind } from './notice-data.ts'
import { type NoticeTexts, noticeLetter } from './notice-letter.ts'
import { plainText } from './plain-text.ts'
import { signInNotices } from './sign-in-notices.ts'
import { seatsNotice, teamInvitation, teamNotice } from './team-letters.ts'
import type { MailTemplate } from './template.ts'

/** The text and HTML of a letter, in the reader's language and time zone. */
function mail<D>(texts: LetterTexts<D>): MailTemplate<D> {
  return (data, { brand, language, link, timeZone }) => {
    const letter = texts[language](data, {
      brand,
      time: (iso) => displayTime(iso, language, timeZone),
      day: (iso) => displayDay(iso, language, timeZone),
    })
    return {
      subject: letter.subject,
      text: plainText(letter, brand, language, link),
      html: htmlMail({ letter, brand, language, link }),
    }
  }
}

const notice = <K extends NoticeKind>(texts: NoticeTexts<K>): MailTemplate<NoticeData<K>> => mail(noticeLetter(texts))

/** All mails; `template` of the outbox is a name of this table. */
export const templates: { [K in MailName]: MailTemplate<MailData[K]> } = {
  'verify-email': mail(linkLetters['verify-email']),
  'reset-password': mail(linkLetters['reset-password']),
  'confirm-email': mail(linkLetters['confirm-email']),
  'undo-email': mail(linkLetters['undo-email']),
  'accept-invitation': mail(linkLetters['accept-invitation']),
  'team-invitation': mail(teamInvitation),
  'email-change-undone': mail(accountLetters['email-change-undone']),
  'inactive-account': mail(accountLetters['inactive-account']),
  'account-erased': mail(accountLetters['account-erased']),
  'new-device': notice(signInNotices['new-device']),
  lockout: notice(signInNotices.lockout),
  'code-lockout': notice(signInNotices['code-lockout']),
  'sign-in-method-added': notice(signInNotices['sign-in-method-added']),
  'sign-in-method-removed': notice(signInNotices['sign-in-method-removed']),
  'recovery-code-used': notice(signInNotices['recovery-code-used']),
  'passkey-copied': notice(signInNotices['passkey-copied']),
  'refresh-token-reused': notice(signInNotices['refresh-token-reused']),
  'password-changed': notice(accountNotices['password-changed']),
  'password-reset': notice(accountNotices['password-reset']),
  'email-change-requested': notice(addressNotices['email-change-requested']),
  'email-changed': notice(addressNotices['email-changed']),
  'registration-attempted': notice(addressNotices['registration-attempted']),
  'email-change-taken': notice(addressNotices['email-change-taken']),
  'api-key-created': notice(accountNotices['api-key-created']),
  'role-raised': notice(accountNotices['role-raised']),
  'webhook-disabled': notice(accountNotices['webhook-disabled']),
  'team-changed': notice(teamNotice),
  'team-seats': notice(seatsNotice),
  'subscription-changed': notice(accountNotices['subscription-changed']),
}

/** Whether a name in the outbox is that of a template; a newer version of the program may have written it. */
export const isMailName = (name: string): name is MailName => Object.hasOwn(templates, name)
