import type { Logger } from '../log/logger.ts'
import type { Transport } from './transport.ts'

/** A transport that sends nothing: the outbox keeps the mail, and the log has its URL. For development. */
export function openKept(publicUrl: string, log: Logger): Transport {
  return {
    async deliver({ id, subject }) {
      log.info({ subject, page: `${publicUrl}/dev/mail/${id}` }, 'a mail is kept to be looked at')
    },
    close() {},
  }
}
