import { afterAll, expect, test } from 'bun:test'
import postgres from 'postgres'
import { testSecrets } from '../support/app.ts'
import { createDatabase } from '../support/cluster.ts'
import { openEmptyDatabase } from '../support/empty-database.ts'
import { openFakeServer } from '../support/fake-server.ts'
import { runProgram } from '../support/program.ts'

const database = await createDatabase()
const name = new URL(database.url).pathname.slice(1)
const role = `refused_${crypto.randomUUID().slice(0, 8)}`
const sql = postgres(database.url, { max: 1 })
await sql.unsafe(
  `create role ${role}_out nologin; create role ${role}_in login; revoke connect on database "${name}" from public`,
)
afterAll(async () => {
  await sql.unsafe(`drop role ${role}_out; drop role ${role}_in`)
  await sql.end()
  await database.drop()
})

/** What PostgreSQL says to who gives a wrong password; the tests' own server asks for none. */
const strict = await openFakeServer((socket) => {
  socket.once('data', () => {
    const fields = ['SFATAL', 'VFATAL', 'C28P01', 'Mpassword authentication failed for user "somebody"', ''].join('\0')
    const message = Buffer.alloc(5)
    message.write('E')
    message.writeUInt32BE(fields.length + 5, 1)
    socket.end(Buffer.concat([message, Buffer.from(`${fields}\0`)]))
  })
})
afterAll(strict.close)

const as = (change: Partial<URL>) => Object.assign(new URL(database.url), change).href
const cases: [string, string, RegExp][] = [
  [
    'a wrong password',
    strict.url.replace('somebody@', 'somebody:not-this-one@'),
    /password authentication failed.*check user and password in DATABASE_URL/,
  ],
  [
    'a role that may not log in',
    as({ username: `${role}_out` }),
    /not permitted to log in.*check the user in DATABASE_URL/,
  ],
  [
    'a database that is not there',
    as({ pathname: '/no_such_database' }),
    /does not exist.*check the name of the database/,
  ],
  ['a database that the role may not use', as({ username: `${role}_in` }), /permission denied for database/],
  [
    'a server without TLS where it is demanded',
    as({ search: '' }),
    /offers no TLS, and DB_SSL demands it.*switch ssl on at the server/,
  ],
]
const sslOf = (expected: RegExp): Record<string, string> =>
  expected.source.includes('TLS') ? { DB_SSL: 'verify-full' } : {}

// A service that waited for its database would be waited for longer than a test is.
test.each(cases)('%s ends the service at once, and is its last line', async (_, url, expected) => {
  const { code, err } = await runProgram(['serve'], {
    NODE_ENV: 'production',
    ...testSecrets,
    PORT: '0',
    MAIL: 'off',
    PUBLIC_URL: 'https://api.manas360.test',
    DATABASE_URL: url,
    ...sslOf(expected),
  })
  expect([code, err.trim().split('\n').at(-1)]).toEqual([1, expect.stringMatching(expected)])
  expect(err).not.toContain('not-this-one')
})

const commands: [string, string[]][] = [
  ['jobs', []],
  ['jobs', ['run', 'seal-audit']],
  ['audit', ['verify']],
  ['create-admin', ['--email', 'a@b.test']],
  ['migrate', []],
  ['seed', []],
]
const everyCommand = cases.flatMap(([name, url, expected], i) => {
  const [command, args] = commands[i % commands.length] ?? ['jobs', []]
  return [[command, name, url, expected, args] as const]
})

const production = (url: string) => ({
  NODE_ENV: 'production',
  ...testSecrets,
  MAIL: 'off',
  PUBLIC_URL: 'https://api.manas360.test',
  DATABASE_URL: url,
})

test.each(everyCommand)('%s ends at %s with the same', async (command, _, url, expected, args) => {
  const { code, out, err } = await runProgram([command, ...args], { ...production(url), ...sslOf(expected) })
  expect([code, err.trim().split('\n').at(-1)]).toEqual([1, expect.stringMatching(expected)])
  expect(out + err).not.toContain('    at ')
})

const nobody = as({ port: '1' })
const told =
  /The database at 127\.0\.0\.1:1 cannot be reached: ECONNREFUSED\. Check DATABASE_URL, that the server runs and that this host may reach it\./

test.each(commands)('%s %p says why a database out of reach is, and what to do', async (command, args) => {
  const { code, out, err } = await runProgram([command, ...args], production(nobody))
  expect([code, err.trim().split('\n').at(-1)]).toEqual([1, expect.stringMatching(told)])
  expect(out + err).not.toMatch(/Retry-After| {4}at /)
})

test('doctor says the same of primary and replica, each by its variable', async () => {
  const { code, out } = await runProgram(['doctor'], { ...production(nobody), DATABASE_REPLICA_URL: nobody })
  expect(code).toBe(1)
  expect(out).toMatch(told)
  expect(out).toContain('Check DATABASE_REPLICA_URL')
})

test('migrate names the variable that holds the address', async () => {
  const { err } = await runProgram(['migrate'], { ...production(database.url), DATABASE_MIGRATION_URL: nobody })
  expect(err).toContain('Check DATABASE_MIGRATION_URL')
})

test('migrate in production asks for its database alone, and for none of the secrets of the service', async () => {
  const { code, err } = await runProgram(['migrate'], { NODE_ENV: 'production' })
  expect([code, err.match(/^ {2}- \w+/gm)]).toEqual([78, ['  - DATABASE_URL']])
})

test('a role that may not change the schema is told whose may, and is content where nothing is to be done', async () => {
  await sql.unsafe(
    `grant connect on database "${name}" to ${role}_in; grant select on schema_migrations, schema_functions to ${role}_in`,
  )
  const url = as({ username: `${role}_in` })
  const content = await runProgram(['migrate'], production(url))
  expect([content.code, content.out]).toEqual([0, expect.stringContaining('nothing to do')])
  const empty = await openEmptyDatabase()
  const refused = await runProgram(
    ['migrate'],
    production(Object.assign(new URL(empty.url), { username: `${role}_in` }).href),
  )
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('DATABASE_MIGRATION_URL')])
  await sql.unsafe(`drop owned by ${role}_in`)
})
