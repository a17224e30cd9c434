import { describe, expect, test } from 'bun:test'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { isMarked, linkOf, openSender, queueReset, settled } from '../support/mail.ts'
import { openSmtpServer } from '../support/smtp-server.ts'
import { findEverywhere } from '../support/whole-life.ts'

const app = await openTestApp()
const { sql, deps } = app
const auth = { user: 'mailer@manas360', pass: 'p@ss/word: %' }
describe.each([
  ['STARTTLS', false],
  ['smtps', true],
])('over %s, with user and password', (_name, secure) => {
  test('a mail goes out as text and HTML, and nothing of it stays', async () => {
    const smtp = await openSmtpServer({ secure, auth })
    const person = await givenAccount(app)
    const token = Bun.randomUUIDv7().replaceAll('-', '')
    await queueReset(app, person, token)
    const sender = openSender(app, { url: smtp.url })
    // The link is in no table in a form that anybody could use.
    expect(await findEverywhere(app, token)).toEqual([])
    sender.poll()
    await smtp.arrived(person.email)
    const [mail] = smtp.received
    expect(mail).toMatchObject({ messageId: expect.stringMatching(/^<[0-9a-f-]{36}@manas360\.invalid>$/) })
    expect(mail?.text).toContain(linkOf(token))
    expect(mail?.html).toContain(linkOf(token))
    expect(mail?.mail.from?.text).toBe('"MANAS360" <no-reply@manas360.test>')
    expect(mail?.mail.headers.get('auto-submitted')).toBe('auto-generated')
    expect(await settled(app, person.id)).toMatchObject({
      status: 'sent',
      recipient: null,
      contents: {},
      isLinked: false,
      attempts: 1,
    })
    await sender.stop(1_000)
  })
})

describe('our own configuration', () => {
  test.each<[string, Parameters<typeof openSmtpServer>[0], (url: string) => Parameters<typeof openSender>[1], RegExp]>([
    ['a wrong password', { auth }, (url) => ({ url: url.replace('p%40ss', 'wrong') }), /EAUTH .*535/],
    ['a server without STARTTLS', { disabledCommands: ['STARTTLS'] }, (url) => ({ url }), /ETLS/],
    ['a certificate that nobody vouches for', {}, (url) => ({ url, tuning: { ca: '' } }), /ESOCKET|ETLS/],
    ['a certificate of another name', {}, (url) => ({ url: url.replace('localhost', '127.0.0.1') }), /ESOCKET|ETLS/],
    ['a server that offers no log-in', {}, (url) => ({ url: url.replace('//', '//u:p@') }), /EAUTH/],
  ])('alarms and marks nobody: %s', async (_name, options, toSender, error) => {
    const smtp = await openSmtpServer(options)
    const person = await givenAccount(app)
    const sender = openSender(app, toSender(smtp.url))
    app.lines.length = 0
    await queueReset(app, person)
    const mail = await settled(app, person.id)
    expect([mail.status, await isMarked(app, person), smtp.received, deps.mail.figures.state()]).toEqual([
      'queued',
      false,
      [],
      'configuration',
    ])
    expect(mail.lastError).toMatch(error)
    expect(app.lines.filter((line) => line.includes('no mail goes out'))).toHaveLength(1)
    await sender.stop(0)
    deps.mail.figures.setState('well')
    await sql`delete from mail_outbox`
  })
})
