import { describe, expect, test } from 'bun:test'
import { examineDataKeys } from '../../src/cli/doctor-data-keys.ts'
import { listOldValues, replaceValues } from '../../src/secrets/queries.ts'
import { countByKey, reencrypt } from '../../src/secrets/reencrypt.ts'
import { createSecrets } from '../../src/secrets/secrets.ts'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp, patience, testSecrets } from '../support/app.ts'
import { linkOf, queueReset } from '../support/mail.ts'
import { runProgram } from '../support/program.ts'

const app = await openTestApp()
const { sql } = app
const column = { table: 'mail_outbox', column: 'link', id: 'id' }
const next = 'n3xTkEy9wQ5rZ2mVb7LcX1pJd8HsG4fAeUoKiYtBqWzMnCvSxRjPhDlFgTuO6I0E'
const old = createSecrets([testSecrets.DATA_KEY])
const both = createSecrets([next, testSecrets.DATA_KEY])

type Row = { id: string; link: Buffer }
const rowsOf = (accountId: string) =>
  sql<Row[]>`select id, link from mail_outbox where account_id = ${accountId} order by id`

async function givenLinks(count: number): Promise<string> {
  const person = await givenAccount(app)
  await Promise.all(Array.from({ length: count }, (_, i) => queueReset(app, person, `token-${i}`)))
  return person.id
}

describe('a new DATA_KEY', () => {
  test('takes over all values, more than a batch of them; each still says the same in its place', async () => {
    const person = await givenLinks(3)
    // As many as several batches hold: copies of a row would not be readable in another place.
    await sql`
      insert into mail_outbox (id, recipient, language, template, message_id, link)
      select gen_random_uuid(), 'a@b.test', 'en', 'reset-password', '<x@y>', '\\x00' from generate_series(1, 1200)`
    const made = await sql<Row[]>`select id, link from mail_outbox where link = '\\x00'`
    const links = made.map(({ id }) => old.encrypt(linkOf(id), { ...column, id }).toString('hex'))
    await sql`
      update mail_outbox m set link = decode(v.link, 'hex')
        from unnest(${made.map(({ id }) => id)}::uuid[], ${links}::text[]) as v (id, link) where m.id = v.id`
    expect(await countByKey(sql, both, column)).toEqual({ current: 0, earlier: 1203, unknown: 0 })
    expect(
      (await examineDataKeys(sql, { dataKeys: [next, testSecrets.DATA_KEY], dataKeyIsDerived: false })).state,
    ).toBe('warning')
    expect(await reencrypt(sql, both, column)).toEqual({ renewed: 1203, unreadable: 0 })
    const alone = createSecrets([next])
    expect(await countByKey(sql, alone, column)).toEqual({ current: 1203, earlier: 0, unknown: 0 })
    const read = (await rowsOf(person)).map(({ id, link }) => alone.decrypt(link, { ...column, id })).sort()
    expect(read).toEqual([0, 1, 2].map((i) => linkOf(`token-${i}`)))
    expect(await reencrypt(sql, both, column)).toEqual({ renewed: 0, unreadable: 0 })
    await sql`delete from mail_outbox`
  })

  test('leaves what is changed or removed meanwhile as it is, and tells of what it cannot read', async () => {
    const person = await givenLinks(3)
    const rows = await listOldValues(sql, column, both.currentHeader(), { after: null, limit: 10 })
    const [a = '', b = '', c = ''] = rows.map(({ id }) => id)
    const meanwhile = old.encrypt('changed meanwhile', { ...column, id: a })
    await sql`update mail_outbox set link = ${meanwhile} where id = ${a}`
    await sql`update mail_outbox set link = null where id = ${b}`
    const values = rows.map(({ id, value }) => ({ id, before: value, after: both.encrypt('anew', { ...column, id }) }))
    expect(await replaceValues(sql, column, values)).toBe(1)
    const after = new Map((await rowsOf(person)).map(({ id, link }) => [id, link]))
    expect([after.get(a), after.get(b)]).toEqual([meanwhile, null as never])
    expect(both.isCurrent(after.get(c) ?? Buffer.of())).toBeTrue()
    const stranger = createSecrets(['another key altogether, of enough characters'])
    expect(await reencrypt(sql, stranger, column)).toEqual({ renewed: 0, unreadable: 2 })
    expect((await examineDataKeys(sql, { dataKeys: ['x'.repeat(40)], dataKeyIsDerived: false })).state).toBe('wrong')
    await sql`delete from mail_outbox`
  })

  test('is taken by `keys reencrypt`, which says when the earlier one is needed no more', async () => {
    const person = await givenLinks(2)
    const environment = {
      NODE_ENV: 'test',
      ...testSecrets,
      ...patience,
      DATABASE_URL: app.databaseUrl,
      DATA_KEY: next,
    }
    const lost = await runProgram(['keys', 'reencrypt'], environment)
    expect([lost.code, lost.out]).toEqual([1, expect.stringContaining('0 encrypted anew, 2 unreadable')])
    const done = await runProgram(['keys', 'reencrypt'], { ...environment, DATA_KEY_PREVIOUS: testSecrets.DATA_KEY })
    expect([done.code, done.out]).toEqual([0, expect.stringContaining('2 encrypted anew, 0 unreadable')])
    expect(done.out).toContain('DATA_KEY_PREVIOUS can be unset')
    const alone = createSecrets([next])
    for (const { id, link } of await rowsOf(person)) expect(alone.decrypt(link, { ...column, id })).toContain('#token=')
  })
})
