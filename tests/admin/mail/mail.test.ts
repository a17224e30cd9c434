import { describe, expect, test } from 'bun:test'
import { type Given, givenAccount } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { mailsOf, openSender, queueReset, settled } from '../../support/mail.ts'
import { expectProblem } from '../../support/problems.ts'
import { openSmtpServer } from '../../support/smtp-server.ts'

type Listed = { items: Record<string, unknown>[]; nextCursor: string | null }

const app = await openTestApp()
const { request, sql } = app
const admin = await signedIn(app, { role: 'superadmin' })
const smtp = await openSmtpServer()
const sender = openSender(app, { url: smtp.url })

const list = async (query = ''): Promise<Listed> =>
  bodyOf<Listed>(await request(`/v1/admin/mail${query}`, { bearer: admin.bearer }))
const retry = (id: string) => request(`/v1/admin/mail/${id}/retry`, { method: 'POST', bearer: admin.bearer })

async function givenFailed(): Promise<Given & { mailId: string }> {
  const person = await givenAccount(app)
  smtp.behaviour.answer = () => ({ rcpt: '550 5.1.1 no such user' })
  await queueReset(app, person, 'a-secret-token')
  const { id: mailId } = await settled(app, person.id, ({ status }) => status === 'failed')
  smtp.behaviour.answer = () => undefined
  return { ...person, mailId }
}

describe('the outbox, for administrators', () => {
  test('shows whose mail it is and what became of it, never an address, a body or a link', async () => {
    const { id, mailId, email } = await givenFailed()
    const { items } = await list('?status=failed&limit=1')
    expect(items).toEqual([
      {
        id: mailId,
        accountId: id,
        template: 'reset-password',
        status: 'failed',
        attempts: 1,
        lastError: expect.stringContaining('550'),
        createdAt: expect.any(String),
        dueAt: expect.any(String),
        endedAt: expect.any(String),
      },
    ])
    const everything = JSON.stringify(await list())
    for (const secret of [email, 'a-secret-token', 'validHours']) expect(everything).not.toContain(secret)
  })

  test('is read page by page', async () => {
    const person = await givenAccount(app)
    for (let i = 0; i < 3; i++) await queueReset(app, person)
    await settled(app, person.id, ({ status }) => status === 'sent')
    const [first, all] = [await list('?limit=2'), await list()]
    const second = await list(`?limit=2&cursor=${first.nextCursor}`)
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(all.items.slice(0, 4).map(({ id }) => id))
    await expectProblem(await request('/v1/admin/mail?status=lost', { bearer: admin.bearer }), 'validation-failed')
  })
})

describe('a retry', () => {
  test('sends a mail that failed, under the same Message-ID, and is audited for its person', async () => {
    const { id, email, mailId } = await givenFailed()
    expect((await retry(mailId)).status).toBe(204)
    await smtp.arrived(email)
    expect(smtp.receivedBy(email)[0]?.messageId).toContain(mailId)
    expect(await settled(app, id, ({ status }) => status === 'sent')).toMatchObject({ attempts: 2 })
    const [row] = await sql`select details from audit_logs where action = 'mail.retry' and entity_id = ${mailId}`
    expect(row).toBeDefined()
  })

  test('has one that waits go out at once, and leaves one alone that is being sent', async () => {
    await sender.stop(5_000)
    const person = await givenAccount(app)
    await queueReset(app, person)
    const [{ id } = { id: '' }] = await mailsOf(app, person.id)
    await sql`update mail_outbox set due_at = now() + interval '1 hour', attempts = 3 where id = ${id}`
    expect((await retry(id)).status).toBe(204)
    expect((await mailsOf(app, person.id))[0]?.dueInSeconds).toBeLessThanOrEqual(0)
    await sql`update mail_outbox set leased_until = now() + interval '1 hour', due_at = now() - interval '1 hour' where id = ${id}`
    expect((await retry(id)).status).toBe(204)
    expect((await mailsOf(app, person.id))[0]).toMatchObject({ isLeased: true })
  })

  test('is refused for what was sent, what is not kept any more, and what is not there', async () => {
    const person = await givenAccount(app)
    await queueReset(app, person)
    const [{ id } = { id: '' }] = await mailsOf(app, person.id)
    await sql`update mail_outbox set status = 'failed', ended_at = now(), recipient = null, link = null, contents = '{}' where id = ${id}`
    await expectProblem(await retry(id), 'mail-not-retryable')
    await sql`update mail_outbox set status = 'sent' where id = ${id}`
    await expectProblem(await retry(id), 'mail-not-retryable')
    // What development keeps was sent all the same.
    await sql`update mail_outbox set kept = true, recipient = 'a@b.test' where id = ${id}`
    await expectProblem(await retry(id), 'mail-not-retryable')
    await expectProblem(await retry(Bun.randomUUIDv7()), 'not-found')
    await expectProblem(await retry('nothing'), 'not-found')
  })
})
