import { afterAll, expect, test } from 'bun:test'
import postgres from 'postgres'
import { createRoles } from '../../src/db/create-roles.ts'
import { scramVerifier } from '../../src/db/scram.ts'
import { runProgram } from '../support/program.ts'

const name = `made_${crypto.randomUUID().slice(0, 8)}`
const [admin, owner, server, spare] = ['admin', 'owner', 'server', 'spare'].map((role) => `${name}_${role}`)
const outside = postgres(process.env.TEST_DATABASE_URL ?? '', { max: 1, onnotice: () => {} })
// What a managed database's administrator may do: not a superuser.
await outside.unsafe(`create role ${admin} login createrole createdb`)
await outside.unsafe(`create database ${name}_own owner ${admin}`)
afterAll(async () => {
  for (const database of [name, `${name}_own`]) await outside.unsafe(`drop database if exists ${database} with (force)`)
  for (const role of [owner, server, spare, admin]) await outside.unsafe(`drop role if exists ${role}`)
  await outside.end()
})

function as(role = '', database: string = name, password = 'correct-Horse%7E1'): string {
  const url = new URL(process.env.TEST_DATABASE_URL ?? '')
  return Object.assign(url, { username: role, password, pathname: `/${database}` }).href
}
const urls = (database = name) => ({
  adminUrl: as(admin, 'postgres', ''),
  ownerUrl: as(owner, database),
  serverUrl: as(server, database),
})
const stored = async (role = '') =>
  (await outside<{ verifier: string }[]>`select rolpassword as verifier from pg_authid where rolname = ${role}`)[0]
    ?.verifier ?? ''
const saltOf = (verifier: string) => Buffer.from(verifier.split(/[:$]/)[2] ?? '', 'base64')
const memberships = async (role = '') =>
  (await outside`select from pg_auth_members where member = ${role}::regrole and (set_option or inherit_option)`).length

test('a verifier is the one that PostgreSQL makes of the password', async () => {
  await outside.unsafe(`create role ${spare} password 'correct-Horse~1'`)
  const made = await stored(spare)
  expect(made).toStartWith('SCRAM-SHA-256$')
  expect(scramVerifier('correct-Horse~1', saltOf(made))).toBe(made)
  expect(scramVerifier('correct-Horse~1')).not.toBe(made)
  for (const password of ['', 'pass word', 'pässword']) expect(() => scramVerifier(password)).toThrow('printable ASCII')
})

test('in production an administrator who is no superuser makes roles and database, and migrate grants the rest, without the service’s secrets', async () => {
  const { adminUrl, ownerUrl, serverUrl } = urls()
  const environment = {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://api.manas360.test',
    DATABASE_URL: serverUrl,
    DATABASE_MIGRATION_URL: ownerUrl,
  }
  const made = await runProgram(['create-roles'], { ...environment, DATABASE_ADMIN_URL: adminUrl })
  expect([made.code, made.err]).toEqual([0, ''])
  expect(made.out).toContain(`${owner}: made\n${server}: made\n${name}: made for ${owner}\n`)
  expect(made.out).not.toMatch(/Horse/)
  for (const role of [owner, server]) {
    const verifier = await stored(role)
    expect(scramVerifier('correct-Horse~1', saltOf(verifier))).toBe(verifier)
  }
  expect(await memberships(admin)).toBe(0)

  expect(await runProgram(['migrate'], environment)).toMatchObject({ code: 0 })
  const sql = postgres(serverUrl, { max: 1 })
  try {
    expect(await sql`select name from subscription_plans where name = 'free'`).toHaveLength(1)
    expect(String(await sql`delete from audit_logs`.catch((error) => error))).toContain('permission denied')
    expect(String(await sql`create table t ()`.catch((error) => error))).toContain('permission denied')
  } finally {
    await sql.end()
  }
})

test('again, it changes passwords and nothing else', async () => {
  const before = await stored(server)
  const lines: string[] = []
  const changed = { ...urls(), serverUrl: as(server, name, 'another-1') }
  await createRoles({ ...changed, log: (line) => lines.push(line) })
  expect(lines).toEqual([`${owner}: password set`, `${server}: password set`, `${name}: belongs to ${owner}`])
  expect(await stored(server)).not.toBe(before)
  expect(scramVerifier('another-1', saltOf(await stored(server)))).toBe(await stored(server))
})

test('several at once end as one', async () => {
  const lines: string[] = []
  await Promise.all([1, 2, 3].map(() => createRoles({ ...urls(), log: (line) => lines.push(line) })))
  expect(lines.filter((line) => line.endsWith('set'))).toHaveLength(6)
})

test('a database that the administrator owns is given to the owner’s role', async () => {
  await createRoles(urls(`${name}_own`))
  const [row] = await outside`select pg_get_userbyid(datdba) as owner from pg_database where datname = ${`${name}_own`}`
  expect(row?.owner).toBe(owner)
  expect(await memberships(admin)).toBe(0)
})

test('refuses URLs that do not name two roles of one database, with passwords and without superusers', async () => {
  const [superuser] = await outside<{ name: string }[]>`select current_user as name`
  const given = urls()
  const refused: [string, Partial<typeof given>][] = [
    ['two roles', { serverUrl: given.ownerUrl }],
    ['the same database', { serverUrl: as(server, 'other') }],
    ['DATABASE_URL: must name a role', { serverUrl: as('') }],
    ['DATABASE_MIGRATION_URL: must have a password', { ownerUrl: as(owner, name, '') }],
    ['role of DATABASE_ADMIN_URL', { ownerUrl: as(admin) }],
    ['is a superuser', { ownerUrl: as(superuser?.name) }],
    ['belongs to', { ownerUrl: as(owner, 'template1'), serverUrl: as(server, 'template1') }],
  ]
  for (const [said, change] of refused) {
    const error = await createRoles({ ...given, ...change }).catch((reason) => reason)
    expect([said, String(error)]).toEqual([said, expect.stringContaining(said)])
  }
})

test('create-roles says what an administrator lacks who may not make roles', async () => {
  const helpless = `${name}_helpless`
  await outside.unsafe(`create role ${helpless} login`)
  try {
    const { adminUrl: _, ownerUrl, serverUrl } = urls(`${name}_none`)
    const { code, err } = await runProgram(['create-roles'], {
      ...{ DATABASE_URL: serverUrl.replace(server ?? '', `${server}_none`), DATABASE_MIGRATION_URL: ownerUrl },
      DATABASE_ADMIN_URL: as(helpless, 'postgres', ''),
    })
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('the role of DATABASE_ADMIN_URL needs CREATEROLE and CREATEDB'),
    ])
    expect(err).not.toContain('run:')
  } finally {
    await outside.unsafe(`drop role ${helpless}`)
  }
})

test('create-roles names what is missing, all at once', async () => {
  const { code, err } = await runProgram(['create-roles'], { DATABASE_URL: as(server) })
  expect(code).toBe(78)
  expect(err).toMatch(/DATABASE_ADMIN_URL: is required\n.*DATABASE_MIGRATION_URL: is required/s)
})
