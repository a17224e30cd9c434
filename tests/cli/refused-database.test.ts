import { afterAll, expect, test } from 'bun:test'
import postgres from 'postgres'
import { testSecrets } from '../support/app.ts'
import { createDatabase } from '../support/cluster.ts'
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
]

// A service that waited for its database would be waited for longer than a test is.
test.each(cases)('%s ends the service at once, and is its last line', async (_, url, expected) => {
  const { code, err } = await runProgram(['serve'], {
    NODE_ENV: 'production',
    ...testSecrets,
    PUBLIC_URL: 'https://api.manas360.test',
    DATABASE_URL: url,
  })
  expect([code, err.trim().split('\n').at(-1)]).toEqual([1, expect.stringMatching(expected)])
  expect(err).not.toContain('not-this-one')
})

test.each(cases)('%s ends a command with the same', async (_, url, expected) => {
  const { code, out, err } = await runProgram(['jobs'], {
    NODE_ENV: 'production',
    ...testSecrets,
    PUBLIC_URL: 'https://api.manas360.test',
    DATABASE_URL: url,
  })
  expect([code, err.trim().split('\n').at(-1)]).toEqual([1, expect.stringMatching(expected)])
  expect(out + err).not.toContain('    at ')
})
