import { describe, expect, test } from 'bun:test'
import { createNotifier } from '../../src/async/notifier.ts'
import { type Given, givenAccount } from '../support/accounts.ts'
import { openTestApp, type TestApp } from '../support/app.ts'
import { mailsOf, makeDue, openSender, queueReset, settled } from '../support/mail.ts'
import { until } from '../support/server-process.ts'
import { openSmtpServer } from '../support/smtp-server.ts'

const app = await openTestApp()
const { sql, deps } = app

/** Hears of nothing by itself: senders of one app would take each other's mails. */
function alone(of: TestApp): TestApp {
  return { ...of, deps: { ...of.deps, mail: { ...of.deps.mail, queued: createNotifier() } } }
}

describe('while a server accepts and says nothing', () => {
  test.each(['connection', 'recipient'] as const)(
    'no connection of the database is held, and others are served (%s)',
    async (silent) => {
      const smtp = await openSmtpServer()
      smtp.behaviour.greets = silent !== 'connection'
      smtp.behaviour.answer = () => 'says nothing'
      const people = await Promise.all(Array.from({ length: 6 }, () => givenAccount(app)))
      for (const person of people) await queueReset(app, person)
      const sender = openSender(alone(app), { url: smtp.url, concurrency: 2 })
      sender.poll()
      await until(
        () => (silent === 'connection' ? smtp.seen.connections : smtp.seen.recipients) === 2,
        20,
        'two mails are under way',
      )
      expect([sender.running(), deps.db.stats().inUse, deps.db.stats().waiting]).toEqual([2, 0, 0])
      const states = (await Promise.all(people.map(({ id }) => mailsOf(app, id)))).flat()
      expect(states.filter(({ isLeased }) => isLeased)).toHaveLength(2)
      // A shutdown leaves them to others, at once.
      await sender.stop(0)
      expect(sender.running()).toBe(0)
      const after = (await Promise.all(people.map(({ id }) => mailsOf(app, id)))).flat()
      expect(after.map(({ status, isLeased }) => [status, isLeased])).toEqual(people.map(() => ['queued', false]))
      await sql`delete from mail_outbox`
    },
  )

  test('it is given up in time, and used again when it answers', async () => {
    const smtp = await openSmtpServer()
    smtp.behaviour.greets = false
    const person = await givenAccount(app)
    await queueReset(app, person)
    const sender = openSender(alone(app), { url: smtp.url, tuning: { greetingTimeout: 500 } })
    sender.poll()
    const mail = await settled(app, person.id)
    expect([mail.status, deps.mail.figures.state()]).toEqual(['queued', 'server'])
    expect(mail.lastError).toContain('ETIMEDOUT')
    smtp.behaviour.greets = true
    await until(
      async () => {
        await makeDue(app, person.id)
        sender.poll()
        return smtp.receivedBy(person.email).length > 0
      },
      20,
      'the mail arrives after all',
    )
    await settled(app, person.id, ({ status }) => status === 'sent')
    expect(deps.mail.figures.state()).toBe('well')
    await sender.stop(1_000)
    expect(deps.mail.figures.delays.requested.read().count).toBeGreaterThan(0)
  })

  test('a mail that takes too long is broken off', async () => {
    const smtp = await openSmtpServer({ answer: () => 'says nothing' })
    const person = await givenAccount(app)
    await queueReset(app, person)
    const sender = openSender(alone(app), { url: smtp.url, deadlineMs: 200 })
    sender.poll()
    expect((await settled(app, person.id)).lastError).toContain('EABORT')
    await sender.stop(0)
    await sql`delete from mail_outbox`
  })
})

describe('several instances', () => {
  test('send each mail once', async () => {
    const smtp = await openSmtpServer()
    const people: Given[] = []
    const { id } = await givenAccount(app)
    for (let i = 0; i < 60; i++) people.push({ id, email: `${i}.${id}@people.test`, password: '' })
    await Promise.all(people.map((person) => queueReset(app, person)))
    const senders = [1, 2, 3].map(() => openSender(alone(app), { url: smtp.url }))
    for (const sender of senders) sender.poll()
    await until(() => smtp.received.length >= 60, 30, '60 mails')
    await until(
      async () => (await mailsOf(app, id)).every(({ status }) => status === 'sent'),
      20,
      'all of them are written down',
    )
    expect(smtp.received).toHaveLength(60)
    expect(new Set(smtp.received.map(({ to }) => to)).size).toBe(60)
    await Promise.all(senders.map((sender) => sender.stop(1_000)))
  })

  test('leave alone what another is sending, until its lease ends', async () => {
    const smtp = await openSmtpServer()
    const [leased, other] = [await givenAccount(app), await givenAccount(app)]
    await queueReset(app, leased)
    await sql`update mail_outbox set leased_until = clock_timestamp() + interval '1 minute', attempts = 1 where account_id = ${leased.id}`
    await queueReset(app, other)
    const sender = openSender(alone(app), { url: smtp.url })
    sender.poll()
    await smtp.arrived(other.email)
    expect(smtp.receivedBy(leased.email)).toEqual([])
    await sql`update mail_outbox set leased_until = clock_timestamp() where account_id = ${leased.id}`
    sender.poll()
    await smtp.arrived(leased.email)
    await sender.stop(1_000)
  })

  test('hear of what another queued, and of what is due after a restart', async () => {
    const other = await openTestApp({ DATABASE_URL: app.databaseUrl })
    const smtp = await openSmtpServer()
    const [before, after] = [await givenAccount(app), await givenAccount(app)]
    await queueReset(app, before)
    const sender = openSender(other, { url: smtp.url })
    sender.start()
    await smtp.arrived(before.email)
    await queueReset(app, after)
    await smtp.arrived(after.email)
    await sender.stop(1_000)
  })
})

test('a shutdown lets a mail end that is under way', async () => {
  const gate = Promise.withResolvers<void>()
  const smtp = await openSmtpServer()
  const { answer } = smtp.behaviour
  smtp.behaviour.answer = (to) => {
    gate.resolve()
    return answer(to)
  }
  const person = await givenAccount(app)
  await queueReset(app, person)
  const sender = openSender(alone(app), { url: smtp.url })
  sender.poll()
  await gate.promise
  await sender.stop(10_000)
  expect((await mailsOf(app, person.id)).map(({ status }) => status)).toEqual(['sent'])
})
