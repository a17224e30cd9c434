import { SMTPServer } from 'smtp-server'
import { cert, key } from '../../tests/support/certificate.ts'

/** The treatment of a mail: a temporary refusal, a closed connection after the data, no answer, or acceptance. */
export type Behaviour = 'takes' | 'refuses for now' | 'breaks off' | 'is silent'

/** An SMTP server with STARTTLS on localhost that can fail in each of these ways. */
export async function openMailServer() {
  /** Message-IDs of all mails that arrived, accepted or not. */
  const received = new Set<string>()
  let behaviour: Behaviour = 'takes'
  const server = new SMTPServer({
    key,
    cert,
    logger: false,
    disabledCommands: ['AUTH'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onRcptTo(_address, _session, done) {
      if (behaviour === 'is silent') return
      if (behaviour === 'refuses for now')
        done(Object.assign(new Error('4.3.0 try again later'), { responseCode: 451 }))
      else done()
    },
    onData(stream, session, done) {
      let text = ''
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1')
      })
      stream.on('end', () => {
        const id = /^Message-ID: *(\S+)/im.exec(text)?.[1]
        if (id) received.add(id)
        if (behaviour !== 'breaks off') return done(null, 'taken')
        for (const connection of server.connections)
          if (connection.session.id === session.id) connection._socket.destroy()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens on a port')
  return {
    url: `smtp://localhost:${address.port}`,
    certificate: cert,
    received,
    behave(as: Behaviour): void {
      behaviour = as
    },
    async close(): Promise<void> {
      for (const { _socket } of server.connections) _socket.destroy()
      await new Promise<void>((resolve) => server.close(resolve))
    },
  }
}
