import { describe, expect, test } from 'bun:test'
import { markFailed, postpone } from '../../src/mail/sender-queries.ts'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp()
const { sql, deps } = app
const link = 'https://app.example/account/verify-email#token=secret-of-the-link'

type Row = { id: string; template: string; contents: { events: { ip: string }[]; more?: number }; dueInSeconds: number }
const rowsOf = (accountId: string) => sql<Row[]>`
  select id, template, contents, extract(epoch from due_at - clock_timestamp())::int as due_in_seconds
    from mail_outbox where account_id = ${accountId} order by id`

describe('the outbox', () => {
  test('takes a mail in the transaction of the change: with its rollback nothing was ever written', async () => {
    const { id, email: to } = await givenAccount(app)
    const mail = { accountId: id, to, language: 'en', template: 'verify-email', link } as const
    const data = { validHours: 24 }
    await sql
      .begin(async (tx) => {
        await deps.mail.sendMail(tx, { ...mail, data })
        throw new Error('changed my mind')
      })
      .catch(() => {})
    expect(await rowsOf(id)).toHaveLength(0)
    await sql.begin((tx) => deps.mail.sendMail(tx, { ...mail, data }))
    const [row] = await sql<{ recipient: string; link: Buffer; messageId: string; id: string }[]>`
      select id, recipient, link, message_id from mail_outbox where account_id = ${id}`
    expect(row).toMatchObject({
      recipient: to,
      messageId: expect.stringMatching(/^<[0-9a-f-]{36}@manas360\.invalid>$/),
    })
    expect(
      deps.secrets.decrypt(row?.link ?? Buffer.of(), { table: 'mail_outbox', column: 'link', id: row?.id ?? '' }),
    ).toBe(link)
  })

  test('gathers notices of a kind: in one row until somebody takes it, then for 10 minutes in one more', async () => {
    const { id } = await givenAccount(app)
    const notify = (ip: string) => deps.mail.notify(sql, id, 'password-changed', { ip })
    for (const ip of ['192.0.2.1', '192.0.2.2']) await notify(ip)
    expect((await rowsOf(id))[0]?.dueInSeconds).toBeLessThanOrEqual(0)
    await deps.mail.notify(sql, id, 'lockout', { ip: null })
    await sql`update mail_outbox set attempts = 1 where account_id = ${id} and template = 'password-changed'`
    for (const ip of ['192.0.2.3', '192.0.2.4']) await notify(ip)
    const rows = (await rowsOf(id)).filter(({ template }) => template === 'password-changed')
    expect(rows.map(({ contents }) => contents.events.map(({ ip }) => ip))).toEqual([
      ['192.0.2.1', '192.0.2.2'],
      ['192.0.2.3', '192.0.2.4'],
    ])
    expect(rows[1]?.dueInSeconds).toBeGreaterThan(500)
    expect(rows[1]?.dueInSeconds).toBeLessThanOrEqual(600)
  })

  test('makes one row of 16 first notices at once, lists 20 events and counts the rest', async () => {
    const { id } = await givenAccount(app)
    await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        sql.begin((tx) => deps.mail.notify(tx, id, 'lockout', { ip: `192.0.2.${i}` })),
      ),
    )
    for (let i = 16; i < 25; i++) await deps.mail.notify(sql, id, 'lockout', { ip: `192.0.2.${i}` })
    const rows = await rowsOf(id)
    expect(rows.map(({ contents }) => [contents.events.length, contents.more])).toEqual([[20, 5]])
  })

  test('writes no notice to an address that refused mail, and again once the address is another', async () => {
    const { id } = await givenAccount(app)
    await sql`update user_accounts set email_undeliverable_at = now() where id = ${id}`
    await deps.mail.notify(sql, id, 'lockout', { ip: null })
    expect(await rowsOf(id)).toHaveLength(0)
    await sql`update user_accounts set email = ${`${id}@other.example`} where id = ${id}`
    await deps.mail.notify(sql, id, 'lockout', { ip: null })
    expect(await rowsOf(id)).toHaveLength(1)
  })

  test('tells an address nothing of what happens once the account has another', async () => {
    const { id, email: first } = await givenAccount(app)
    const notify = (ip: string) => deps.mail.notify(sql, id, 'password-changed', { ip })
    await notify('192.0.2.1')
    await sql`update mail_outbox set attempts = 1 where account_id = ${id}`
    await notify('192.0.2.2')
    const second = `${id}@other.example`
    await sql`update user_accounts set email = ${second} where id = ${id}`
    await notify('192.0.2.3')
    const told = await sql`
      select recipient, jsonb_path_query_array(contents, '$.events[*].ip') as ips from mail_outbox where account_id = ${id} order by id`
    expect(told).toMatchObject([
      { recipient: first, ips: ['192.0.2.1'] },
      { recipient: first, ips: ['192.0.2.2'] },
      { recipient: second, ips: ['192.0.2.3'] },
    ])
  })

  test('waits for a change of the address that is under way, and tells the new one', async () => {
    const { id, email: first } = await givenAccount(app)
    const second = `${id}@other.example`
    let noticed: Promise<void> | undefined
    await sql.begin(async (tx) => {
      await deps.mail.notify(tx, id, 'lockout', { ip: '192.0.2.1' })
      await tx`update user_accounts set email = ${second} where id = ${id}`
      const [{ pid } = { pid: 0 }] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
      noticed = deps.mail.notify(sql, id, 'lockout', { ip: '192.0.2.2' })
      const isWaiting = async () =>
        (await sql`select from pg_stat_activity where ${pid}::int = any(pg_blocking_pids(pid))`).length > 0
      await until(isWaiting, 30, 'the notice to wait')
    })
    await noticed
    const told =
      await sql`select recipient, contents #>> '{events,0,ip}' as ip from mail_outbox where account_id = ${id} order by id`
    expect(told).toMatchObject([
      { recipient: first, ip: '192.0.2.1' },
      { recipient: second, ip: '192.0.2.2' },
    ])
  })

  test('whoever lost a mail with its lease says nothing of what became of it', async () => {
    const { id: accountId } = await givenAccount(app)
    await deps.mail.notify(sql, accountId, 'lockout', { ip: null })
    const state = () =>
      sql`select id, recipient, status, attempts, leased_until, last_error from mail_outbox where account_id = ${accountId}`
    await sql`update mail_outbox set attempts = 2, leased_until = clock_timestamp() + interval '1 hour' where account_id = ${accountId}`
    const [before] = await state()
    const lost = { id: String(before?.id), attempts: 1, accountId, recipient: String(before?.recipient) }
    expect(await postpone(sql, lost, 60, 'too late')).toBe(false)
    await markFailed(sql, lost, '550 too late', true)
    expect([...(await state())]).toEqual([before as never])
    const [person] = await sql`select email_undeliverable_at from user_accounts where id = ${accountId}`
    expect(person).toMatchObject({ emailUndeliverableAt: null })
  })

  test('a mail that waits long for its server holds the next notice back for 10 minutes, and no longer', async () => {
    const { id } = await givenAccount(app)
    await deps.mail.notify(sql, id, 'lockout', { ip: null })
    await sql`update mail_outbox set attempts = 5, due_at = clock_timestamp() + interval '1 hour' where account_id = ${id}`
    await deps.mail.notify(sql, id, 'lockout', { ip: null })
    const [, next] = await rowsOf(id)
    expect(next?.dueInSeconds).toBeLessThanOrEqual(600)
  })

  test('writes nothing with MAIL=off, and counts what was dropped', async () => {
    const off = await openTestApp({ MAIL: 'off', DATABASE_URL: app.databaseUrl })
    const { id, email: to } = await givenAccount(app)
    await off.deps.mail.notify(sql, id, 'lockout', { ip: null })
    const data = { validHours: 1, cause: 'asked' } as const
    await off.deps.mail.sendMail(sql, { accountId: id, to, language: 'en', template: 'reset-password', data, link })
    expect([(await rowsOf(id)).length, off.deps.mail.isOn, off.deps.mail.figures.outcomes().dropped]).toEqual([
      0,
      false,
      2,
    ])
  })
})
