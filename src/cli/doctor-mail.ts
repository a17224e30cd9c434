import { classifyFailure } from '../mail/delivery-failure.ts'
import { type SmtpTuning, verifySmtp } from '../mail/smtp.ts'
import type { Config } from '../room-config.ts'
import type { Finding } from './finding.ts'

/** Tests the mail server: connects, encrypts and authenticates, without sending. */
export async function examineMail(
  { mail, production }: Pick<Config, 'mail' | 'production'>,
  tuning?: SmtpTuning,
): Promise<Finding> {
  const name = 'mail'
  if (mail.mode === 'off')
    return {
      name,
      state: production ? 'warning' : 'good',
      detail: 'off: nobody can reset a password, and nobody is warned',
      advice: 'set SMTP_URL and MAIL_FROM',
    }
  if (mail.mode === 'kept') return { name, state: 'good', detail: 'kept in the database, and shown at /dev/mail' }
  const { protocol, host, username } = new URL(mail.smtpUrl)
  const way = `${host} by ${protocol === 'smtps:' ? 'smtps' : mail.verifyTls ? 'STARTTLS' : 'STARTTLS where it is offered'}`
  try {
    await verifySmtp(mail, tuning)
    return {
      name,
      state: 'good',
      detail: `${way}${username ? ', signed in' : ', without a user'}, from ${mail.from.address}`,
    }
  } catch (error) {
    const { kind, text } = classifyFailure(error)
    const advice =
      kind === 'configuration'
        ? 'check the user and password in SMTP_URL, that the server offers TLS, and that its certificate is of that host and of a known authority (NODE_EXTRA_CA_CERTS)'
        : 'check the host and port in SMTP_URL, that the server runs and that this host may reach it'
    return { name, state: 'wrong', detail: `${way}: ${text}`, advice }
  }
}
