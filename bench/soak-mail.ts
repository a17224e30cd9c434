import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

const patienceMs = 30_000

export type MailSink = {
  port: number
  /**
   * The token of the next mail to `address` with a link to a page of /account. @throws Error where none arrives within
   * 30 s
   */
  awaitToken(address: string, page: string): Promise<string>
  close(): Promise<void>
}

/** Accepts all mails, reads awaited ones, and stores none. Call `awaitToken` before the mail is caused. */
export async function openMailSink(): Promise<MailSink> {
  const waiting = new Map<string, { page: string; found: (token: string) => void }>()
  const server = new SMTPServer({
    logger: false,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData(stream, session, done) {
      const wanted = waiting.get(session.envelope.rcptTo[0]?.address ?? '')
      if (!wanted) {
        stream.on('end', () => done())
        stream.resume()
        return
      }
      simpleParser(stream, (error, mail) => {
        const [, token] = new RegExp(`/account/${wanted.page}#token=([\\w-]+)`).exec(mail?.text ?? '') ?? []
        if (token) wanted.found(token)
        done(error)
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    awaitToken(address, page) {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      const timer = setTimeout(() => reject(new Error(`no mail leads to ${page}`)), patienceMs)
      waiting.set(address, { page, found: resolve })
      return promise.finally(() => {
        clearTimeout(timer)
        waiting.delete(address)
      })
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
