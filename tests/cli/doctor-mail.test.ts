import { describe, expect, test } from 'bun:test'
import { examineMail } from '../../src/cli/doctor-mail.ts'
import { cert } from '../support/certificate.ts'
import { from } from '../support/mail-from.ts'
import { openSmtpServer } from '../support/smtp-server.ts'

const auth = { user: 'mailer', pass: 'secret-word' }
const tuning = { ca: cert }
const examine = (smtpUrl: string, more = tuning) =>
  examineMail({ mail: { mode: 'smtp', from, smtpUrl, verifyTls: true }, production: true }, more)

describe('doctor looks at mail', () => {
  test.each([false, true])('connects, encrypts, signs in, and sends nothing (smtps: %p)', async (secure) => {
    const smtp = await openSmtpServer({ secure, auth })
    const finding = await examine(smtp.url)
    expect(finding).toMatchObject({ name: 'mail', state: 'good' })
    expect(finding.detail).toContain('signed in')
    expect(finding.detail).not.toContain('secret-word')
    expect([smtp.received, smtp.seen.recipients]).toEqual([[], 0])
  })

  test('tells a wrong password, a server without TLS, a certificate that nobody vouches for, and nobody there', async () => {
    const smtp = await openSmtpServer({ auth })
    const wrong = await examine(smtp.url.replace('secret-word', 'another'))
    expect(wrong).toMatchObject({ state: 'wrong', advice: expect.stringContaining('user and password') })
    expect(JSON.stringify(wrong)).not.toContain('another')
    const plain = await openSmtpServer({ disabledCommands: ['STARTTLS'] })
    expect(await examine(plain.url)).toMatchObject({ state: 'wrong', detail: expect.stringContaining('ETLS') })
    expect(await examine(smtp.url, { ca: '' })).toMatchObject({
      state: 'wrong',
      advice: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    })
    expect(await examine('smtp://127.0.0.1:1')).toMatchObject({
      state: 'wrong',
      advice: expect.stringContaining('host and port'),
    })
  })

  test('warns of MAIL=off in production, and is content with kept mail in development', async () => {
    expect((await examineMail({ mail: { mode: 'off' }, production: true })).state).toBe('warning')
    expect((await examineMail({ mail: { mode: 'off' }, production: false })).state).toBe('good')
    expect((await examineMail({ mail: { mode: 'kept', from }, production: false })).state).toBe('good')
  })
})
