import type { Transport } from './transport.ts'
import type { MailDelivery } from './variables.ts'

type SmtpConfig = Extract<MailDelivery, { mode: 'smtp' }>

/** `ca`: a certificate authority (PEM) that is trusted beside the system's. */
export type SmtpTuning = Partial<typeof timeouts> & { ca?: string }

/** Timeouts in milliseconds; nodemailer's defaults are minutes. */
const timeouts = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 20_000, dnsTimeout: 3_000 }

/** The most mails at once, each on a connection of its own. */
export const smtpConnections = 4

/** Options of nodemailer. Unverified and unencrypted only for a mail catcher on this host, outside production. */
function optionsOf({ smtpUrl, verifyTls }: SmtpConfig, { ca, ...tuning }: SmtpTuning) {
  const { protocol, hostname, port, username, password } = new URL(smtpUrl)
  const secure = protocol === 'smtps:'
  const auth = username ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) } : undefined
  return {
    ...timeouts,
    ...tuning,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    requireTLS: !secure && verifyTls,
    tls: { rejectUnauthorized: verifyTls, minVersion: 'TLSv1.2' as const, ...(ca && { ca }) },
    // With credentials, refuse to send without authentication.
    ...(auth && { auth, forceAuth: true }),
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** Sends by SMTP (RFC 5321) over STARTTLS or smtps. The library is loaded here, only where mail is sent. */
export async function openSmtp(config: SmtpConfig, tuning: SmtpTuning = {}): Promise<Transport> {
  const { createTransport } = await import('nodemailer')
  const mailer = createTransport({
    ...optionsOf(config, tuning),
    pool: true,
    maxConnections: smtpConnections,
    maxMessages: 100,
    // The outbox decides about retries.
    maxRequeues: 0,
  })
  return {
    async deliver({ messageId, to, from, subject, text, html, language }, signal) {
      await mailer.sendMail({
        from,
        // As an object, so that it is not parsed as a list of addresses.
        to: { name: '', address: to },
        envelope: { from: from.address, to },
        subject,
        text,
        html,
        messageId,
        // RFC 3834: suppresses automatic replies.
        headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': language },
        signal,
      })
    },
    close: () => mailer.transporter.close?.({ force: true }),
  }
}

/** Connects, encrypts and authenticates, and sends nothing. @throws errors for `classifyFailure` */
export async function verifySmtp(config: SmtpConfig, tuning: SmtpTuning = {}): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const mailer = createTransport(optionsOf(config, tuning))
  try {
    await mailer.verify()
  } finally {
    mailer.close()
  }
}
