import { domainToASCII } from 'node:url'
import type { MailDelivery } from './variables.ts'

/** The domain of a Message-ID (RFC 5322 3.6.4), behind the `@`: that of the sender; empty where no mail is sent. */
export function messageIdDomain(mail: MailDelivery): string {
  return mail.mode === 'off' ? '' : domainToASCII(mail.from.address.split('@').at(-1) ?? '')
}
