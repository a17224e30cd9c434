import { expect, test } from 'bun:test'
import { migrate } from '../../src/db/migrate.ts'
import { MigrationError } from '../../src/db/schema-version.ts'
import { openEmptyDatabase } from '../support/empty-database.ts'

const name = '0015_canonical_addresses'

/** A database as it was before addresses had one spelling, with these in it. */
async function before(emails: string[]) {
  const database = await openEmptyDatabase()
  await migrate({ url: database.url })
  const { sql } = database
  await sql`delete from schema_migrations where name = ${name}`
  const ids: string[] = []
  for (const email of emails) {
    const id = Bun.randomUUIDv7()
    ids.push(id)
    await sql`insert into user_accounts (id, email, password_hash) values (${id}, ${email}, '$argon2id$')`
  }
  const stored = async () => (await sql`select email from user_accounts order by id`).map(({ email }) => email)
  const applied = async () => (await sql`select 1 from schema_migrations where name = ${name}`).length === 1
  return { ...database, ids, stored, applied }
}

test('addresses stored in other spellings are written in the one', async () => {
  const { url, stored, applied } = await before([
    'asha@xn--bcher-kva.example',
    'ravi@bücher.example',
    'kim@people.test',
    'mira@xn--strae-oqa.example',
    'mira@strasse.example',
    'आशा@xn--p1b6ci4b4b3a.xn--h2brj9c',
  ])
  await migrate({ url })
  expect(await stored()).toEqual([
    'asha@bücher.example',
    'ravi@bücher.example',
    'kim@people.test',
    'mira@straße.example',
    'mira@strasse.example',
    'आशा@उदाहरण.भारत',
  ])
  expect(await applied()).toBe(true)
})

test('two accounts of one address stop it by name: nothing is written, nobody is merged', async () => {
  const emails = [
    'asha@bücher.example',
    'asha@xn--bcher-kva.example',
    'ravi@xn--bcher-kva.example',
    'kim@people.test',
    'कि@xn--bcher-kva.example',
    'कि@bücher.example',
  ]
  const { url, sql, ids, stored, applied } = await before(emails)
  const reason = await migrate({ url }).catch((error: unknown) => error)
  expect(reason).toBeInstanceOf(MigrationError)
  const message = String((reason as Error).message)
  expect(message).toContain(`  ${ids[0]} and ${ids[1]}\n`)
  expect(message).toContain(`  ${ids[4]} and ${ids[5]}`)
  for (const id of [ids[2], ids[3]]) expect(message).not.toContain(id ?? '')
  // Whoever reads a log of deployments learns nobody's address.
  expect(message).not.toContain('asha')
  expect(await stored()).toEqual(emails)
  expect(await applied()).toBe(false)
  await sql`delete from user_accounts where id in ${sql([ids[1] ?? '', ids[5] ?? ''])}`
  await migrate({ url })
  expect(await stored()).toEqual(['asha@bücher.example', 'ravi@bücher.example', 'kim@people.test', 'कि@bücher.example'])
})
