import { expect, test } from 'bun:test'
import { runJobNow } from '../../src/jobs/runner.ts'
import { givenAccount, registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { openSender, settled } from '../support/mail.ts'
import { type Mail, mailsTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { openSmtpServer } from '../support/smtp-server.ts'
import { endExpired, endedAgo } from '../support/subscriptions.ts'

const app = await openTestApp()
const { request, sql } = app
const hour = 3_600

/** Somebody whose starter plan ended an hour ago, which nothing has written down yet. */
async function lapsed(plan = 'starter') {
  const person = await registered(app)
  await sql`delete from mail_outbox where account_id = ${person.id}`
  await sql`
    update user_subscriptions set plan = ${plan}, current_period_end = clock_timestamp() + interval '1 day' where account_id = ${person.id}`
  await endedAgo(app, person.id, hour)
  return person
}

const tryPlan = (bearer: string, plan: string) =>
  request('/v1/subscription', { bearer, json: { plan, interval: 'month' } })
const eventsOf = (mails: Mail[]) =>
  mails.flatMap(({ template, contents }) =>
    (contents.events ?? []).map(({ plan, change }) => [template, plan, change].join(' ')),
  )
const ended = 'subscription-changed Starter ended'

test('a plan that ends by the clock is told once, with the moment of its end, in the transaction that writes it down', async () => {
  const person = await lapsed()
  await sql.begin(async (tx) => {
    await tx`select end_expired()`
    const own =
      await tx`select 1 from mail_outbox where account_id = ${person.id} and xmin::text = pg_current_xact_id()::xid::text`
    expect(own).toHaveLength(1)
  })
  const [mail, ...others] = await mailsTo(app, person.email)
  const [{ end } = { end: new Date() }] = await sql<{ end: Date }[]>`
    select ended_at as end from user_subscriptions where account_id = ${person.id} and ended_at is not null`
  expect(others).toEqual([])
  expect(mail?.contents).toEqual({
    events: [{ at: expect.any(String), plan: 'Starter', change: 'ended', until: null }],
  })
  expect(new Date(String(mail?.contents.events?.[0]?.at))).toEqual(end)
  await endExpired(app)
  expect(await mailsTo(app, person.email)).toEqual([mail as Mail])
})

test('so is one that a change of the account finds at its end; both are one mail', async () => {
  const person = await lapsed()
  expect((await tryPlan(person.accessToken, 'professional')).status).toBe(200)
  await endExpired(app)
  const mails = await mailsTo(app, person.email)
  expect([mails.length, eventsOf(mails)]).toEqual([1, [ended, 'subscription-changed Professional trial-begun']])
})

test('a change that is refused tells nothing, and the job tells it then', async () => {
  const person = await lapsed()
  await expectProblem(
    await request('/v1/subscription', { method: 'DELETE', bearer: person.accessToken }),
    'nothing-to-cancel',
  )
  expect(await mailsTo(app, person.email)).toEqual([])
  await endExpired(app)
  expect(eventsOf(await mailsTo(app, person.email))).toEqual([ended])
})

test('of many at once, jobs and changes, one tells it', async () => {
  const person = await lapsed()
  await Promise.all([
    ...Array.from({ length: 4 }, () => endExpired(app)),
    ...Array.from({ length: 4 }, () => tryPlan(person.accessToken, 'free')),
  ])
  expect(eventsOf(await mailsTo(app, person.email))).toEqual([ended])
})

test('nobody is told at an address that refuses mail, or that they do not have any more', async () => {
  const [marked, erased] = [await lapsed(), await lapsed()]
  await sql`update user_accounts set email_undeliverable_at = clock_timestamp() where id = ${marked.id}`
  expect(
    (await request('/v1/me', { method: 'DELETE', bearer: erased.accessToken, json: { password: erased.password } }))
      .status,
  ).toBe(204)
  await endExpired(app)
  const rows = await sql`select template from mail_outbox where account_id in ${sql([marked.id, erased.id])}`
  expect(rows).toEqual([] as never)
})

test('its mail gets one Message-ID from whoever sends it, of the sender’s domain, and keeps it', async () => {
  const smtp = await openSmtpServer()
  const person = await lapsed()
  await endExpired(app)
  smtp.behaviour.answer = () => ({ rcpt: '451 4.3.0 later' })
  const sender = openSender(app, { url: smtp.url })
  sender.poll()
  const first = await settled(app, person.id)
  const idOf = async () =>
    (await sql<{ messageId: string }[]>`select message_id from mail_outbox where id = ${first.id}`)[0]?.messageId
  expect(await idOf()).toBe(`<${first.id}@manas360.test>`)
  await sql`update mail_outbox set due_at = clock_timestamp() where id = ${first.id}`
  sender.poll()
  await settled(app, person.id, ({ attempts }) => attempts > 1)
  expect(await idOf()).toBe(`<${first.id}@manas360.test>`)
  await sender.stop(0)
})

test('with MAIL=off what the schema queued is dropped, and counted', async () => {
  const off = await openTestApp({ MAIL: 'off' })
  const person = await givenAccount(off, { plan: 'starter', endsAt: new Date(Date.now() + 1_000_000) })
  await endedAgo(off, person.id, hour)
  await endExpired(off)
  expect(await runJobNow(off.deps, 'drop-notices')).toBe(1)
  expect(await off.sql`select 1 from mail_outbox`).toHaveLength(0)
  expect(off.deps.mail.figures.outcomes().dropped).toBe(1)
  expect(app.deps.jobs.map(({ name }) => name)).not.toContain('drop-notices')
})
