import { createNotifier } from '../async/notifier.ts'
import type { Db } from '../db/types.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { createMailFigures } from './figures.ts'
import { messageIdDomain } from './message-id.ts'
import { type MailRow, mailCte, type NoticeRow, noticeCte, queueNotices } from './queries.ts'
import type { MailData, MailName } from './templates/mail-data.ts'
import type { NoticeDetails, NoticeKind } from './templates/notice-data.ts'
import type { MailDelivery } from './variables.ts'

/** A mail to one address. */
type OutgoingMail = {
  [K in MailName]: {
    /** The account; null where the mail must not refer to one, as after an erasure. */
    accountId: string | null
    to: string
    /** The account's language tag (BCP 47). */
    language: string
    template: K
    data: MailData[K]
    /** The link to a page, with its token: encrypted until the mail is sent, then removed. */
    link?: string
  }
}[MailName]

export type Outbox = ReturnType<typeof createOutbox>

type Options = { mail: MailDelivery; secrets: Secrets }

/**
 * Writes mails into `mail_outbox`, in the transaction of the change that they report; sender.ts sends them. With MAIL=off
 * nothing is written, and dropped mails are counted.
 */
export function createOutbox({ mail, secrets }: Options) {
  const isOn = mail.mode !== 'off'
  const domain = messageIdDomain(mail)
  const figures = createMailFigures()

  const newIds = () => {
    const id = Bun.randomUUIDv7()
    return { id, messageId: `<${id}@${domain}>` }
  }

  function toRow({ accountId, to, language, template, data, link }: OutgoingMail): MailRow {
    const ids = newIds()
    const place = { table: 'mail_outbox', column: 'link', id: ids.id }
    return { ...ids, accountId, to, language, template, data, link: link ? secrets.encrypt(link, place) : null }
  }

  function toNotice<K extends NoticeKind>(accountId: string, kind: K, details: NoticeDetails[K]): NoticeRow {
    return { ...newIds(), accountId, template: kind, details }
  }

  /** One CTE, called `mail`, which writes where `condition` holds; nothing when mail is off. */
  function mailPart(sql: Db, message: OutgoingMail, condition = sql`true`) {
    if (isOn) return mailCte(sql, toRow(message), condition)
    figures.count('dropped')
    return sql`mail as (select 1 where false)`
  }

  /** One CTE, called `notice` unless `name` says otherwise, as `mailPart`. */
  function noticePart<K extends NoticeKind>(
    sql: Db,
    [accountId, kind, details]: [accountId: string, kind: K, details: NoticeDetails[K]],
    condition = sql`true`,
    name = 'notice',
  ) {
    if (isOn) return noticeCte(sql, toNotice(accountId, kind, details), condition, name)
    figures.count('dropped')
    return sql`${sql(name)} as (select 1 where false)`
  }

  return {
    /** False with MAIL=off: routes whose purpose is a mail then answer 503 (`requireMail`). */
    isOn,
    figures,
    /** Notified once a queued mail is committed, by this or another instance. */
    queued: createNotifier(),
    /** Queues a mail; it goes out once the transaction has committed. One statement. */
    async sendMail(tx: Db, message: OutgoingMail): Promise<void> {
      const part = mailPart(tx, message)
      if (isOn) await tx`with ${part} select 1`
    },
    /**
     * Queues a security notice to the account's address in its language. Further notices of the kind within 10 minutes
     * are combined into one mail. Addresses that refused mail get none. One statement; lock the account's row first.
     */
    async notify<K extends NoticeKind>(tx: Db, accountId: string, kind: K, details: NoticeDetails[K]): Promise<void> {
      const part = noticePart(tx, [accountId, kind, details])
      if (isOn) await tx`with ${part} select 1`
    },
    /** notify for several accounts, whose rows are locked. One statement. */
    async notifyAll<K extends NoticeKind>(
      tx: Db,
      accountIds: string[],
      kind: K,
      details: NoticeDetails[K],
    ): Promise<void> {
      if (isOn) await queueNotices(tx, accountIds, kind, details)
      else for (const _ of accountIds) figures.count('dropped')
    },
    mailPart,
    noticePart,
  }
}
