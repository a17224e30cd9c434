import { describe, expect, test } from 'bun:test'
import { startMailSender } from '../../src/mail/start-sender.ts'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { linkOf, mailsOf, queueReset, settled } from '../support/mail.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { sql, deps, request } = app
const idOf = async (accountId: string) => (await mailsOf(app, accountId)).at(-1)?.id ?? ''

describe('without SMTP_URL, in development, a mail', () => {
  test('is kept, named in the log with its page, and shown there as text and HTML with its link', async () => {
    const person = await givenAccount(app, { email: 'o’asha<b>@people.test'.replace(/[’<>]/g, '') })
    await queueReset(app, person, 'the-token')
    const sender = startMailSender(deps)
    await settled(app, person.id, ({ status }) => status === 'sent')
    await sender.stop(1_000)
    const id = await idOf(person.id)
    const line = app.lines.find((text) => text.includes('a mail is kept'))
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      page: `${deps.config.publicUrl}/dev/mail/${id}`,
      subject: expect.stringMatching(/\w/),
    })
    expect(line).not.toContain('the-token')
    const read = async (path: string, type: string) => {
      const answer = await request(path)
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 200, `${type}; charset=utf-8`])
      expect(answer.headers.get('cache-control')).toBe('no-store')
      return answer.text()
    }
    expect(await read('/dev/mail', 'text/html')).toContain(`href="/dev/mail/${id}"`)
    expect(await read('/dev/mail', 'text/html')).toContain(person.email)
    expect(await read(`/dev/mail/${id}`, 'text/html')).toContain(`href="${linkOf('the-token')}"`)
    expect(await read(`/dev/mail/${id}/text`, 'text/plain')).toContain(linkOf('the-token'))
    expect(await read(`/dev/mail/${id}/html`, 'text/html')).toContain(linkOf('the-token'))
    expect(await read('/dev/mail.css', 'text/css')).toContain('body')
  })

  test('is shown as soon as it is queued, and one that cannot be read hides no other', async () => {
    const person = await givenAccount(app)
    await queueReset(app, person)
    await sql`
      insert into mail_outbox (id, account_id, recipient, language, template, message_id)
      values (${Bun.randomUUIDv7()}, ${person.id}, ${person.email}, 'en', 'of-a-later-version', '<x@y>')`
    const list = await (await request('/dev/mail')).text()
    expect(list).toContain('A mail that cannot be shown')
    expect(list).toContain(person.email)
    await expectProblem(await request(`/dev/mail/${Bun.randomUUIDv7()}`), 'not-found')
    await expectProblem(await request('/dev/mail/not-an-id'), 'not-found')
  })
})

describe('the kept mails do not exist', () => {
  test.each<[string, Parameters<typeof request>[1]]>([
    ['another host', { ip: '192.0.2.7' }],
    ['another host, over IPv6', { ip: '2001:db8::7' }],
    ['this host’s own network address', { ip: '10.0.0.5' }],
    ['a proxy on this host', { headers: { 'X-Forwarded-For': '127.0.0.1' } }],
    ['a proxy by the standard', { headers: { Forwarded: 'for=127.0.0.1' } }],
    ['a proxy that only names itself', { headers: { Via: '1.1 proxy' } }],
    ...[
      'X-Forwarded',
      'X-Forwarded-Port',
      'X-Real-IP',
      'True-Client-IP',
      'CF-Connecting-IP',
      'X-Original-Host',
      'CDN-Loop',
    ].map((name): [string, { headers: Record<string, string> }] => [
      `a proxy that adds ${name}`,
      { headers: { [name]: '' } },
    ]),
    ['a page whose name was made to lead here', { headers: { Host: 'attacker.example:3000' } }],
  ])('for %s', async (_name, options) => {
    for (const path of ['/dev/mail', '/dev/mail.css', `/dev/mail/${Bun.randomUUIDv7()}/html`])
      await expectProblem(await request(path, options), 'not-found')
  })

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.8.8.8'])('but for this machine, %s', async (ip) => {
    expect((await request('/dev/mail', { ip })).status).toBe(200)
  })

  test.each<[string, Record<string, string>]>([
    ['in production', { NODE_ENV: 'production', PUBLIC_URL: 'https://api.manas360.test' }],
    ['with MAIL=off', { MAIL: 'off' }],
    ['where mail is sent', { SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'a@b.test' }],
  ])('%s', async (_name, environment) => {
    const other = await openTestApp({ ...environment, DATABASE_URL: app.databaseUrl })
    await expectProblem(await other.request('/dev/mail'), 'not-found')
  })
})
