import { afterAll } from 'bun:test'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'
import { cert, key } from './certificate.ts'
import { until } from './server-process.ts'

export type Received = { to: string; messageId: string; subject: string; text: string; html: string; mail: ParsedMail }

/** The server's answer to a mail: at RCPT or after DATA, or a closed connection during or after the message. */
export type Answer =
  | { rcpt: string }
  | { data: string }
  | 'dies mid-message'
  | 'dies before it answers'
  | 'says nothing'

type Options = {
  /** smtps instead of STARTTLS. */
  secure?: boolean
  /** Requires this user and password. */
  auth?: { user: string; pass: string }
  disabledCommands?: string[]
  /** Called for each mail that arrives; undefined: it is accepted. */
  answer?: (to: string) => Answer | undefined
}

/**
 * A real SMTP server on localhost that answers as configured; closed after the file's tests. Its certificate is `cert`.
 */
export async function openSmtpServer({ secure = false, auth, disabledCommands = [], answer }: Options = {}) {
  const received: Received[] = []
  const behaviour = { answer: answer ?? ((): Answer | undefined => undefined), greets: true }
  const seen = { connections: 0, recipients: 0 }

  const server = new SMTPServer({
    secure,
    key,
    cert,
    logger: false,
    disabledCommands: auth ? disabledCommands : ['AUTH', ...disabledCommands],
    disableReverseLookup: true,
    closeTimeout: 100,
    onConnect(_session, done) {
      seen.connections++
      if (behaviour.greets) done()
    },
    onAuth({ username, password }, _session, done) {
      if (username === auth?.user && password === auth?.pass) done(null, { user: username })
      else done(refusal('535 5.7.8 wrong user or password'))
    },
    onRcptTo({ address }, _session, done) {
      seen.recipients++
      const told = behaviour.answer(address)
      if (told === 'says nothing') return
      if (told && typeof told === 'object' && 'rcpt' in told) done(refusal(told.rcpt))
      else done()
    },
    onData(stream, session, done) {
      const to = session.envelope.rcptTo[0]?.address ?? ''
      const told = behaviour.answer(to)
      if (told === 'dies mid-message') return stream.once('data', () => hangUp(session))
      simpleParser(stream, (error, mail) => {
        if (error) return done(error)
        if (told === 'dies before it answers') {
          received.push(toReceived(to, mail))
          return hangUp(session)
        }
        if (typeof told === 'object' && 'data' in told) return done(refusal(told.data))
        received.push(toReceived(to, mail))
        done(null, 'taken')
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens on a port')

  function hangUp(session: SMTPServerSession): void {
    for (const connection of server.connections) if (connection.session.id === session.id) connection._socket.destroy()
  }

  async function close(): Promise<void> {
    await new Promise<void>((resolve) => server.close(resolve))
  }
  afterAll(close)

  const credentials = auth ? `${encodeURIComponent(auth.user)}:${encodeURIComponent(auth.pass)}@` : ''
  return {
    url: `${secure ? 'smtps' : 'smtp'}://${credentials}localhost:${address.port}`,
    port: address.port,
    received,
    behaviour,
    seen,
    receivedBy: (to: string) => received.filter((mail) => mail.to === to),
    /** Resolves when so many mails have arrived for an address. */
    arrived: (to: string, count = 1) =>
      until(() => received.filter((mail) => mail.to === to).length >= count, 20, `${count} mails to ${to}`),
    close,
  }
}

function refusal(text: string): Error {
  return Object.assign(new Error(text.slice(4)), { responseCode: Number(text.slice(0, 3)) })
}

function toReceived(to: string, mail: ParsedMail): Received {
  const { messageId = '', subject = '', text = '', html } = mail
  return { to, messageId, subject, text, html: html || '', mail }
}
