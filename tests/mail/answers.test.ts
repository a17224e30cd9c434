import { describe, expect, test } from 'bun:test'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { isMarked, mailsOf, makeDue, openSender, queueReset, settled } from '../support/mail.ts'
import { until } from '../support/server-process.ts'
import { openSmtpServer } from '../support/smtp-server.ts'

const app = await openTestApp()
const { sql, deps } = app
const smtp = await openSmtpServer()
const sender = openSender(app, { url: smtp.url })
const answers = new Map<string, ReturnType<typeof smtp.behaviour.answer>>()
smtp.behaviour.answer = (to) => answers.get(to)

describe('what a server answers', () => {
  test.each([
    ['550 5.1.1 no such user', true],
    ['551 not local', true],
    ['553 5.1.3 bad name', true],
    ['550 5.7.1 relaying denied', false],
    ['552 mailbox full', false],
    ['554 5.7.1 looks like spam', false],
  ])('%s ends the mail; the address is marked: %p', async (told, marks) => {
    for (const answer of [{ rcpt: told }, { data: told }]) {
      const person = await givenAccount(app)
      answers.set(person.email, answer)
      await queueReset(app, person)
      const mail = await settled(app, person.id)
      expect([mail.status, mail.attempts, await isMarked(app, person)]).toEqual(['failed', 1, marks])
      expect(mail.lastError).toContain(told.slice(0, 3))
      expect(mail.lastError).not.toContain('@')
    }
    expect(deps.mail.figures.state()).toBe('well')
  })

  test('of another address than the account’s says nothing of it', async () => {
    const person = await givenAccount(app)
    const mailTo = (to: string) =>
      deps.mail.sendMail(sql, {
        accountId: person.id,
        to,
        language: 'en',
        template: 'confirm-email',
        data: { validHours: 1 },
        link: 'https://app.example/account/confirm-email#token=x',
      })
    const [refused, taken] = [`refused.${person.email}`, `taken.${person.email}`]
    answers.set(refused, { rcpt: '550 no such user' })
    await mailTo(refused)
    await settled(app, person.id)
    expect(await isMarked(app, person)).toBeFalse()
    await sql`update user_accounts set email_undeliverable_at = clock_timestamp() where id = ${person.id}`
    await mailTo(taken)
    await settled(app, person.id, ({ status }) => status === 'sent')
    expect(await isMarked(app, person)).toBeTrue()
  })

  test('a marked address gets no notices, but what is asked for; once that is delivered, notices too', async () => {
    const person = await givenAccount(app)
    answers.set(person.email, { rcpt: '550 no such user' })
    await queueReset(app, person)
    await settled(app, person.id)
    answers.delete(person.email)
    await deps.mail.notify(sql, person.id, 'lockout', { ip: null })
    expect(await mailsOf(app, person.id)).toHaveLength(1)
    await queueReset(app, person)
    await settled(app, person.id, ({ status }) => status === 'sent')
    expect(await isMarked(app, person)).toBeFalse()
    await deps.mail.notify(sql, person.id, 'lockout', { ip: null })
    await smtp.arrived(person.email, 2)
  })

  test('a notice that waited while its address was marked is not sent', async () => {
    const person = await givenAccount(app)
    await sql.begin(async (tx) => {
      await deps.mail.notify(tx, person.id, 'lockout', { ip: null })
      await tx`update user_accounts set email_undeliverable_at = clock_timestamp() where id = ${person.id}`
    })
    const { status, lastError } = await settled(app, person.id)
    expect([status, lastError]).toEqual(['failed', 'the address refuses mail'])
    expect(smtp.received.filter(({ to }) => to === person.email)).toEqual([])
  })

  test('451 is tried again under the same Message-ID, after a pause, for a day', async () => {
    const person = await givenAccount(app)
    answers.set(person.email, { rcpt: '451 4.7.1 greylisted' })
    await queueReset(app, person)
    const first = await settled(app, person.id)
    expect([first.status, await isMarked(app, person)]).toEqual(['queued', false])
    expect(first.dueInSeconds).toBeGreaterThan(15)
    expect(first.dueInSeconds).toBeLessThan(40)
    answers.set(person.email, { data: '451 try again' })
    await makeDue(app, person.id)
    sender.poll()
    const second = await settled(app, person.id, ({ attempts }) => attempts === 2)
    expect(second.status).toBe('queued')
    await sql`update mail_outbox set give_up_at = clock_timestamp() where id = ${second.id}`
    await makeDue(app, person.id)
    sender.poll()
    const last = await settled(app, person.id, ({ attempts }) => attempts === 3)
    expect([last.status, last.isLinked, await isMarked(app, person)]).toEqual(['failed', true, false])
  })

  test.each(['dies mid-message', 'dies before it answers'] as const)(
    'a server that %s gets the mail once more, under the same Message-ID',
    async (answer) => {
      const person = await givenAccount(app)
      answers.set(person.email, answer)
      await queueReset(app, person)
      const first = await settled(app, person.id)
      expect([first.status, await isMarked(app, person)]).toEqual(['queued', false])
      answers.delete(person.email)
      await makeDue(app, person.id)
      // After a failure of the server nobody asks it for a moment.
      await until(
        () => {
          sender.poll()
          return smtp.receivedBy(person.email).length === (answer === 'dies mid-message' ? 1 : 2)
        },
        20,
        'the mail arrives after all',
      )
      expect(new Set(smtp.receivedBy(person.email).map(({ messageId }) => messageId)).size).toBe(1)
      await settled(app, person.id, ({ status }) => status === 'sent')
    },
  )

  test('nothing goes to an account that was erased meanwhile', async () => {
    const person = await givenAccount(app)
    await sql.begin(async (tx) => {
      await deps.mail.notify(tx, person.id, 'lockout', { ip: null })
      await tx`
        update user_accounts set status = 'deleted', deleted_at = now(), email = null, password_hash = null where id = ${person.id}`
    })
    await until(async () => (await mailsOf(app, person.id)).length === 0, 20, 'the mail is gone')
    expect(smtp.receivedBy(person.email)).toEqual([])
  })

  test('a row that this program cannot read waits for a newer one, and stops nobody else', async () => {
    const [stranger, person] = [await givenAccount(app), await givenAccount(app)]
    await sql`
      insert into mail_outbox (id, account_id, recipient, language, template, message_id)
      values (${Bun.randomUUIDv7()}, ${stranger.id}, ${stranger.email}, 'en', 'of-a-later-version', '<x@y>')`
    await queueReset(app, person)
    await smtp.arrived(person.email)
    expect(await settled(app, stranger.id)).toMatchObject({ status: 'queued', attempts: 1 })
  })
})
