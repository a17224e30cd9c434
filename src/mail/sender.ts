import { createConsumer } from '../async/consumer.ts'
import { createWorker } from '../async/worker.ts'
import type { Brand } from '../brand/brand.ts'
import type { Sql } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'
import { type Secrets, UnreadableSecretError } from '../secrets/secrets.ts'
import { inSpan } from '../tracing/tracer.ts'
import { createPause, retryAfterSeconds } from './back-off.ts'
import { classifyFailure, type DeliveryFailure } from './delivery-failure.ts'
import { messageIdDomain } from './message-id.ts'
import type { Outbox } from './outbox.ts'
import { renderMail, UnknownMailError } from './render.ts'
import { type Claimed, claimMails, deleteMail, markFailed, markSent, postpone, releaseMails } from './sender-queries.ts'
import type { Transport } from './transport.ts'
import type { MailConfig } from './variables.ts'

export type MailSender = ReturnType<typeof createMailSender>

export type SenderDeps = {
  sql: Sql
  log: Logger
  secrets: Secrets
  mail: Outbox
  brand: Brand
  config: Pick<MailConfig, 'mail'>
}

type Options = {
  /** Called at the first mail. */
  open: () => Promise<Transport>
  /** Keeps the content of sent mails, for /dev/mail. */
  keeps: boolean
  /** The most mails at once; default 4. */
  concurrency?: number
  /** How often to poll, for lost notifications and due retries; default 5000. */
  pollMs?: number
  /** The deadline of a mail; default 45000. */
  deadlineMs?: number
}

/** Longer than the deadline, so that the outcome can still be stored. */
const leaseSeconds = 60

/**
 * Sends the mails of the shared outbox, a few at a time, at least once each, however often instances die. Holds no
 * database connection while a mail is being sent.
 */
export function createMailSender({ sql, log, secrets, mail, brand, config }: SenderDeps, options: Options) {
  const { open, keeps, concurrency = 4, pollMs = 5_000, deadlineMs = 45_000 } = options
  const domain = messageIdDomain(config.mail)
  const aborts = new Set<AbortController>()
  let opening: Promise<Transport> | undefined
  let stopped = false
  const pause = createPause(() => consumer.poll())
  const consumer = createConsumer<Claimed & { endsAt: number }>({
    recipient: 'the mail server',
    trace: ({ template }) => ({ name: 'mail', attributes: { 'manas360.mail.template': template } }),
    concurrency,
    log,
    isPaused: pause.isOn,
    async claim(limit) {
      // Measured from before the claim, when the lease begins.
      const endsAt = performance.now() + deadlineMs
      return (await claimMails(sql, { limit, leaseSeconds, domain })).map((row) => ({ ...row, endsAt }))
    },
    work: processMail,
    postpone: async ({ id }) =>
      log.warn({ mailId: id }, 'the outcome of a mail was not stored; it may go out once more'),
  })
  const worker = createWorker({ consumers: [consumer], notifier: mail.queued, pollMs })

  async function processMail(row: Claimed & { endsAt: number }): Promise<void> {
    const claimedAt = performance.now()
    const abort = new AbortController()
    const late = setTimeout(() => abort.abort(), Math.max(0, row.endsAt - claimedAt))
    aborts.add(abort)
    try {
      if (row.isErased) await deleteMail(sql, row.id)
      else await storeOutcome(row, claimedAt, await attempt(row, abort.signal))
    } finally {
      clearTimeout(late)
      aborts.delete(abort)
    }
  }

  /** @returns null after the delivery */
  async function attempt(row: Claimed, signal: AbortSignal): Promise<DeliveryFailure | 'ours' | null> {
    if (row.isUnwanted) return { kind: 'refused', text: 'the address refuses mail' }
    try {
      await deliver(row, signal)
      return null
    } catch (error) {
      if (!(error instanceof UnknownMailError || error instanceof UnreadableSecretError)) return classifyFailure(error)
      log.error({ err: error, mailId: row.id }, 'a mail cannot be made; it is tried again for a day')
      return 'ours'
    }
  }

  async function deliver(row: Claimed, signal: AbortSignal): Promise<void> {
    if (config.mail.mode === 'off') throw new Error('mail is off')
    const { id, messageId, recipient: to, language } = row
    const link = row.link && secrets.decrypt(row.link, { table: 'mail_outbox', column: 'link', id })
    const rendered = await renderMail(brand, { ...row, link })
    opening ??= open()
    const transport = await opening
    const ready = { ...rendered, id, messageId, to, language, from: config.mail.from }
    await inSpan('mail delivery', { kind: 'client' }, () => transport.deliver(ready, signal))
  }

  async function storeOutcome(
    row: Claimed,
    claimedAt: number,
    failure: DeliveryFailure | 'ours' | null,
  ): Promise<void> {
    if (failure === null) {
      pause.end()
      if (mail.figures.setState('well')) log.info('mails go out again')
      await markSent(sql, row, keeps)
      recordDelivery(mail, row, claimedAt)
    } else if (failure === 'ours') await retryLater(row, { kind: 'later', text: 'it could not be made: see the log' })
    else if (failure.kind === 'recipient' || failure.kind === 'refused') {
      await markFailed(sql, row, failure.text, failure.kind === 'recipient')
      mail.figures.count('failed')
      log.warn({ mailId: row.id, template: row.template, failure: failure.text }, 'a mail was refused for good')
    } else if (stopped && failure.kind === 'server') await releaseMails(sql, [row.id])
    else {
      if (failure.kind !== 'later') pauseFor(failure)
      await retryLater(row, failure)
    }
  }

  async function retryLater(row: Claimed, { kind, text }: DeliveryFailure): Promise<void> {
    const seconds = retryAfterSeconds(row.attempts, kind === 'later' ? 'later' : 'server')
    const hasFailed = await postpone(sql, row, seconds, text)
    mail.figures.count(hasFailed ? 'failed' : 'postponed')
    if (hasFailed)
      log.error({ mailId: row.id, template: row.template, failure: text }, 'a mail was not delivered within a day')
  }

  function pauseFor({ kind, text }: DeliveryFailure): void {
    pause.begin()
    const isNews = mail.figures.setState(kind === 'configuration' ? 'configuration' : 'server')
    if (isNews && kind === 'configuration')
      log.error({ failure: text }, 'no mail goes out: SMTP_URL or MAIL_FROM is not accepted; see manas360 doctor')
    else if (isNews) log.warn({ failure: text }, 'the mail server does not answer as it should; mails wait')
  }

  return {
    start: worker.start,
    poll: worker.poll,
    /** The number of mails being sent by this instance. */
    running: consumer.running,
    /** Stops claiming, waits `milliseconds` at most for running mails, and leaves the rest to other instances. */
    async stop(milliseconds: number): Promise<void> {
      stopped = true
      pause.end()
      const giveUp = setTimeout(() => {
        for (const abort of aborts) abort.abort()
      }, milliseconds)
      await worker.stop()
      clearTimeout(giveUp)
      const transport = await opening?.catch(() => undefined)
      transport?.close()
    },
  }
}

function recordDelivery(
  { figures }: Pick<Outbox, 'figures'>,
  { ageSeconds, isNotice }: Claimed,
  claimedAt: number,
): void {
  figures.count('sent')
  figures.delays[isNotice ? 'notice' : 'requested'].observe(ageSeconds * 1_000 + performance.now() - claimedAt)
}
