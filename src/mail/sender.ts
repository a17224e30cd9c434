import type { Brand } from '../brand/brand.ts'
import type { Sql } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'
import { type Secrets, UnreadableSecretError } from '../secrets/secrets.ts'
import { inSpan, inTrace } from '../tracing/tracer.ts'
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

/** Longer than the deadline, so that the outcome can still be written. */
const leaseSeconds = 60

/**
 * Sends the mails of the shared outbox, a few at a time, at least once each, however often instances die. Holds no
 * database connection while a mail is being sent.
 */
export function createMailSender({ sql, log, secrets, mail, brand, config }: SenderDeps, options: Options) {
  const { open, keeps, concurrency = 4, pollMs = 5_000, deadlineMs = 45_000 } = options
  const domain = messageIdDomain(config.mail)
  const underWay = new Map<string, { over: Promise<void>; abort: AbortController }>()
  const pause = createPause(look)
  let opening: Promise<Transport> | undefined
  let claiming: Promise<void> | undefined
  let wanted = false
  let stopped = false
  let timer: Timer | undefined

  /** Takes what is due while places are free; asked meanwhile, it looks once more. */
  function look(): void {
    wanted = true
    claiming ??= claimWhileWanted().finally(() => {
      claiming = undefined
    })
  }

  async function claimWhileWanted(): Promise<void> {
    try {
      while (wanted && !stopped && !pause.isOn() && underWay.size < concurrency) {
        wanted = false
        const endsAt = performance.now() + deadlineMs
        const free = concurrency - underWay.size
        const claimed = await claimMails(sql, { limit: free, leaseSeconds, domain })
        for (const row of claimed) begin(row, endsAt)
        wanted ||= claimed.length === free
      }
    } catch (error) {
      log.warn({ err: error }, 'the outbox of mail could not be read; it is looked at again')
    }
  }

  function begin(row: Claimed, endsAt: number): void {
    const abort = new AbortController()
    const late = setTimeout(() => abort.abort(), Math.max(0, endsAt - performance.now()))
    const over = inTrace('mail', { 'manas360.mail.template': row.template }, () => carryOut(row, abort.signal)).finally(
      () => {
        clearTimeout(late)
        underWay.delete(row.id)
        look()
      },
    )
    underWay.set(row.id, { over, abort })
  }

  async function carryOut(row: Claimed, signal: AbortSignal): Promise<void> {
    const claimedAt = performance.now()
    try {
      if (row.isErased) await deleteMail(sql, row.id)
      else await finish(row, claimedAt, await attempt(row, signal))
    } catch (error) {
      log.warn({ err: error, mailId: row.id }, 'what became of a mail could not be written; it may go out once more')
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

  async function finish(row: Claimed, claimedAt: number, failure: DeliveryFailure | 'ours' | null): Promise<void> {
    if (failure === null) {
      pause.end()
      if (mail.figures.setState('well')) log.info('mails go out again')
      await markSent(sql, row, keeps)
      noteDelivery(mail, row, claimedAt)
    } else if (failure === 'ours') await tryLater(row, { kind: 'later', text: 'it could not be made: see the log' })
    else if (failure.kind === 'recipient' || failure.kind === 'refused') {
      await markFailed(sql, row, failure.text, failure.kind === 'recipient')
      mail.figures.count('failed')
      log.warn({ mailId: row.id, template: row.template, failure: failure.text }, 'a mail was refused for good')
    } else if (stopped && failure.kind === 'server') await releaseMails(sql, [row.id])
    else {
      if (failure.kind !== 'later') pauseFor(failure)
      await tryLater(row, failure)
    }
  }

  async function tryLater(row: Claimed, { kind, text }: DeliveryFailure): Promise<void> {
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

  const unhear = mail.onQueued(look)
  return {
    start(): void {
      look()
      timer = setInterval(look, pollMs * (0.8 + Math.random() * 0.4))
      timer.unref()
    },
    look,
    /** The number of mails being sent by this instance. */
    underWay: (): number => underWay.size,
    /** Stops claiming, waits `milliseconds` at most for running mails, and leaves the rest to other instances. */
    async stop(milliseconds: number): Promise<void> {
      stopped = true
      unhear()
      clearInterval(timer)
      pause.end()
      const giveUp = setTimeout(() => {
        for (const { abort } of underWay.values()) abort.abort()
      }, milliseconds)
      await claiming
      while (underWay.size > 0) await Promise.all([...underWay.values()].map(({ over }) => over))
      clearTimeout(giveUp)
      const transport = await opening?.catch(() => undefined)
      transport?.close()
    },
  }
}

function noteDelivery(
  { figures }: Pick<Outbox, 'figures'>,
  { ageSeconds, isNotice }: Claimed,
  claimedAt: number,
): void {
  figures.count('sent')
  figures.delays[isNotice ? 'notice' : 'requested'].observe(ageSeconds * 1_000 + performance.now() - claimedAt)
}
