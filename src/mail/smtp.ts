import type { Transport } from './transport.ts'
import type { MailDelivery } from './variables.ts'

type SmtpConfig = Extract<MailDelivery, { mode: 'smtp' }>

/** `ca`: whose certificates are trusted beside the system's, as PEM. */
export type SmtpTuning = Partial<typeof timeouts> & { ca?: string }

/** A server that says nothing for so long, in milliseconds, is given up. nodemailer's own are minutes. */
const timeouts = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 20_000, dnsTimeout: 3_000 }

/** So many mails go out at once, each over a connection of its own. */
export const smtpConnections = 4

/** What nodemailer is told; unverified and unencrypted only to a mail catcher on this host, outside production. */
function optionsOf({ smtpUrl, verifyTls }: SmtpConfig, { ca, ...patience }: SmtpTuning) {
  const { protocol, hostname, port, username, password } = new URL(smtpUrl)
  const secure = protocol === 'smtps:'
  const auth = username ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : undefined
  return {
    ...timeouts,
    ...patience,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    requireTLS: !secure && verifyTls,
    tls: { rejectUnauthorized: verifyTls, minVersion: 'TLSv1.2' as const, ...(ca && { ca }) },
    // A server that does not offer to authenticate us must not get our mail without it.
    ...(auth && { auth, forceAuth: true }),
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/**
 * Sends by SMTP (RFC 5321) over STARTTLS or smtps. The library is loaded here, so that who sends no mail does without it.
 */
export async function openSmtp(config: SmtpConfig, tuning: SmtpTuning = {}): Promise<Transport> {
  const { createTransport } = await import('nodemailer')
  const mailer = createTransport({
    ...optionsOf(config, tuning),
    pool: true,
    maxConnections: smtpConnections,
    maxMessages: 100,
    // Whether to try again is the outbox's to say.
    maxRequeues: 0,
  })
  return {
    async deliver({ messageId, to, from, subject, text, html, language }, signal) {
      await mailer.sendMail({
        from,
        // As an object: nothing in it is parsed as a list of addresses.
        to: { name: '', address: to },
        envelope: { from: from.address, to },
        subject,
        text,
        html,
        messageId,
        // RFC 3834: nobody's out-of-office answer shall come back.
        headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': language },
        signal,
      })
    },
    close: () => mailer.transporter.close?.({ force: true }),
  }
}

/** Connects, encrypts and authenticates, and sends nothing. @throws what `classifyFailure` judges */
export async function verifySmtp(config: SmtpConfig, tuning: SmtpTuning = {}): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const mailer = createTransport(optionsOf(config, tuning))
  try {
    await mailer.verify()
  } finally {
    mailer.close()
  }
}
