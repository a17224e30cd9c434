import { domainToASCII } from 'node:url'
import type { MailDelivery } from './variables.ts'

/** What stands behind the `@` of a Message-ID (RFC 5322 3.6.4): the sender's domain; nothing where no mail is sent. */
export function messageIdDomain(mail: MailDelivery): string {
  return mail.mode === 'off' ? '' : domainToASCII(mail.from.address.split('@').at(-1) ?? '')
}
