import { afterAll } from 'bun:test'
import { createMailSender } from '../../src/mail/sender.ts'
import { openSmtp, type SmtpTuning } from '../../src/mail/smtp.ts'
import type { Given } from './accounts.ts'
import type { TestApp } from './app.ts'
import { cert } from './certificate.ts'
import { from } from './mail-from.ts'
import { until } from './server-process.ts'

type Options = { url: string; verifyTls?: boolean; tuning?: SmtpTuning; concurrency?: number; deadlineMs?: number }

/**
 * A sender for the app's outbox to one SMTP server, as an instance has it. It polls when it is called or notified, not
 * by the clock.
 */
export function openSender({ deps }: TestApp, { url, verifyTls = true, tuning, ...limits }: Options) {
  const smtp = { mode: 'smtp', from, smtpUrl: url, verifyTls } as const
  const sender = createMailSender(
    { ...deps, brand: deps.config.brand, config: { mail: smtp } },
    { open: () => openSmtp(smtp, { ca: cert, ...tuning }), keeps: false, ...limits },
  )
  afterAll(() => sender.stop(0))
  return sender
}

type MailState = {
  id: string
  template: string
  status: string
  attempts: number
  lastError: string | null
  recipient: string | null
  contents: unknown
  isLinked: boolean
  isLeased: boolean
  dueInSeconds: number
}

/** The mails of an account in the outbox. */
export function mailsOf({ sql }: TestApp, accountId: string): Promise<MailState[]> {
  return sql<MailState[]>`
    select id, template, status, attempts, last_error, recipient, contents, link is not null as is_linked,
           leased_until is not null as is_leased, extract(epoch from due_at - clock_timestamp())::float8 as due_in_seconds
      from mail_outbox where account_id = ${accountId} order by id`
}

/** Resolves with the account's last mail once it is not being sent and `condition` holds. */
export async function settled(
  app: TestApp,
  accountId: string,
  condition: (mail: MailState) => boolean = ({ attempts }) => attempts > 0,
): Promise<MailState> {
  const found: { mail?: MailState } = {}
  await until(
    async () => {
      const mail = (await mailsOf(app, accountId)).at(-1)
      if (!mail || mail.isLeased || !condition(mail)) return false
      found.mail = mail
      return true
    },
    20,
    `the last mail of ${accountId} is settled`,
  )
  if (!found.mail) throw new Error('there is a mail')
  return found.mail
}

/** Makes waiting mails due; mails in progress are left alone. */
export async function makeDue({ sql }: TestApp, accountId: string): Promise<void> {
  await sql`update mail_outbox set due_at = clock_timestamp() where account_id = ${accountId} and status = 'queued' and leased_until is null`
}

/** Queues a requested mail, with a link of this token. */
export function queueReset({ sql, deps }: TestApp, { id, email }: Given, token = 'a-token'): Promise<void> {
  const data = { validHours: 1, cause: 'asked' } as const
  const mail = { accountId: id, to: email, language: 'en', template: 'reset-password', data } as const
  return sql.begin((tx) => deps.mail.sendMail(tx, { ...mail, link: linkOf(token) }))
}

export const linkOf = (token: string): string => `https://app.manas360.test/account/reset-password#token=${token}`

/** Whether the address is marked as refusing mail. */
export async function isMarked({ sql }: TestApp, { id }: Given): Promise<boolean> {
  const [row] = await sql<{ marked: boolean }[]>`
    select email_undeliverable_at is not null as marked from user_accounts where id = ${id}`
  return row?.marked ?? false
}
