import { expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { givenAccount, logIn } from '../support/accounts.ts'
import { openTestApp, patience, testSecrets } from '../support/app.ts'
import { runProgram } from '../support/program.ts'

const app = await openTestApp()
const environment = { ...testSecrets, ...patience, NODE_ENV: 'test', DATABASE_URL: app.databaseUrl }
const run = (...args: string[]) => runProgram(['erasures', ...args], environment)
const directory = mkdtempSync(join(tmpdir(), 'manas360-erasures-'))
const fileOf = (text: string): string => {
  const file = join(directory, crypto.randomUUID())
  writeFileSync(file, text)
  return file
}
const statusOf = async (id: string) =>
  (await app.sql<{ status: string }[]>`select status from user_accounts where id = ${id}`)[0]?.status

test('what is listed on one database is erased on another that does not know of it, once, and nobody else', async () => {
  const [own, back, other] = [await givenAccount(app), await givenAccount(app), await givenAccount(app)]
  const { accessToken: bearer } = await logIn(app, own)
  await app.request('/v1/me', { method: 'DELETE', bearer, json: { password: own.password } })
  const listed = await run('list', '--since', new Date(Date.now() - 3_600_000).toISOString())
  expect([listed.code, listed.out]).toEqual([0, expect.stringMatching(new RegExp(`^${own.id} \\d{4}-\\S+Z\n$`))])
  expect((await run('list', '--since', new Date(Date.now() + 3_600_000).toISOString())).out).toBe('')
  // As if the erasure of the second had been lost with what came after the backup.
  const file = fileOf(`${listed.out}${back.id} 2026-11-28T10:00:00Z\n${crypto.randomUUID()}\n`)
  expect((await run('replay', file, '--dry-run')).out).toBe(
    '3 read, 1 would be erased, 2 not there or erased already.\n',
  )
  expect(await statusOf(back.id)).toBe('active')
  expect((await run('replay', file)).out).toBe('3 read, 1 erased again, 2 not there or erased already.\n')
  expect((await run('replay', file)).out).toBe('3 read, 0 erased again, 3 not there or erased already.\n')
  expect([await statusOf(own.id), await statusOf(back.id), await statusOf(other.id)]).toEqual([
    'deleted',
    'deleted',
    'active',
  ])
  const [row] = await app.sql`select actor_id from audit_logs where action = 'account.erase' and entity_id = ${back.id}`
  expect(row).toEqual({ actorId: null })
  expect(await app.sql`select 1 from mail_outbox where recipient = ${back.email}`).toHaveLength(0)
})

test('what the retention has moved out of the live trail is listed, too', async () => {
  const id = crypto.randomUUID()
  const day = '2024-02-03'
  await app.sql`
    insert into audit_archive
    select (jsonb_populate_record(l, jsonb_build_object('action', 'account.erase', 'entity_type', 'account', 'entity_id', ${id}::text, 'at', ${day}::text))).*
      from audit_logs l limit 1`
  expect((await run('list')).out).toContain(`${id} ${day}T00:00:00.000Z\n`)
  expect((await run('list', '--since', '2024-02-04')).out).not.toContain(id)
})

test('a line without an id: nothing at all is erased', async () => {
  const { id } = await givenAccount(app)
  const { code, err } = await run('replay', fileOf(`${id}\nnobody\n`))
  expect([code, err]).toEqual([1, expect.stringContaining('line 2')])
  expect(await statusOf(id)).toBe('active')
})

test('the last superadmin is refused, and named', async () => {
  const { id } = await givenAccount(app, { role: 'superadmin' })
  const { code, out } = await run('replay', fileOf(id))
  expect([code, out, await statusOf(id)]).toEqual([1, expect.stringContaining(id), 'active'])
})

test.each([
  [[]],
  [['list', 'more']],
  [['list', '--since', 'yesterday']],
  [['replay']],
  [['replay', 'f', '--since', 'x']],
  [['list', '--dry-run']],
])('%j is refused, with what it takes', async (args) => {
  const { code, out } = await run(...args)
  expect([code, out]).toEqual([64, expect.stringContaining('erasures replay FILE')])
  if (args.includes('yesterday')) expect(out).toStartWith('--since yesterday: must be a time')
})
