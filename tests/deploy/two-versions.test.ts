import { afterAll, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { migrations } from '../../src/db/migrations.ts'
import { latestVersion } from '../../src/db/schema-version.ts'
import { goodPassword, newEmail } from '../support/accounts.ts'
import { patience, type SessionJson, testSecrets } from '../support/app.ts'
import { unpackEarlierVersion } from '../support/earlier-version.ts'
import { openEmptyDatabase } from '../support/empty-database.ts'
import { run } from '../support/image.ts'
import { readiness, type ServerProcess, startServerProcess } from '../support/server-process.ts'

/** A deployment as it is done: the server of before goes on while the schema is changed, and next to the new one. */

const earlier = await unpackEarlierVersion()

describe.if(earlier !== null)('the server of before the last change of the schema', async () => {
  if (!earlier) return
  afterAll(() => rmSync(earlier.directory, { recursive: true, force: true }))
  const { url, sql } = await openEmptyDatabase()
  const running: ServerProcess[] = []
  afterAll(() => Promise.all(running.map((server) => server.kill())))
  const program = [process.execPath, '--no-env-file', earlier.main]

  const migrate = (argv: string[]) =>
    run([...argv, 'migrate'], {
      PATH: process.env.PATH ?? '',
      NODE_ENV: 'test',
      ...testSecrets,
      ...patience,
      DATABASE_URL: url,
    })
  const findVersion = async () => {
    const [row] = await sql<{ version: number }[]>`select max(version)::int as version from schema_migrations`
    return row?.version ?? 0
  }
  async function start(argv?: string[]): Promise<ServerProcess> {
    const server = await startServerProcess(url, { LOG_LEVEL: 'error', DB_POOL_MAX: '5', DB_POOL_MIN: '1' }, argv)
    running.push(server)
    return server
  }

  test('serves while the schema is changed beneath it, and next to the new server: neither refuses what the other gave', async () => {
    await migrate(program)
    const before = await findVersion()
    const old = await start(program)
    const credentials = { email: newEmail(), password: goodPassword }
    const first = await session(old, '/v1/auth/register', credentials)
    await holds(old, first)
    // Asked all the time by whoever gives it requests.
    expect(await readiness(old.url)).toBe(200)

    await migrate([process.execPath, '--no-env-file', `${import.meta.dir}/../../src/main.ts`])
    expect(await findVersion()).toBe(latestVersion)
    expect(await readiness(old.url)).toBe(200)
    await holds(old, first)
    const again = await session(old, '/v1/auth/login', credentials)
    await holds(old, await session(old, '/v1/auth/refresh', again))

    const present = await start()
    const there = await session(present, '/v1/auth/login', credentials)
    for (const server of [old, present]) await holds(server, there)
    // A refresh token goes to whichever answers, back and forth.
    const moved = await session(old, '/v1/auth/refresh', there)
    for (const server of [old, present]) await holds(server, moved)
    const back = await session(present, '/v1/auth/refresh', moved)
    for (const server of [old, present]) await holds(server, back)
    const other = { email: newEmail(), password: goodPassword }
    await holds(old, await session(present, '/v1/auth/register', other))

    // Started anew it serves as well, as far as the migrations since say so: the way back to the version before.
    const since = migrations.filter(({ version }) => version > before)
    if (!since.every(({ servesFrom }) => servesFrom !== undefined && servesFrom <= before)) return
    await old.kill()
    const restarted = await start(program)
    await holds(restarted, await session(restarted, '/v1/auth/login', credentials))
  })
})

async function session(server: ServerProcess, path: string, body: object): Promise<SessionJson> {
  const fields = 'refreshToken' in body ? { refreshToken: body.refreshToken } : body
  const headers = { 'Content-Type': 'application/json' }
  const answer = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(fields) })
  expect([path, answer.status < 300 ? 'ok' : await answer.text()]).toEqual([path, 'ok'])
  return (await answer.json()) as SessionJson
}

/** A gated GET, one that asks the database, and one that the plan does not include. */
async function holds(server: ServerProcess, { accessToken }: SessionJson): Promise<void> {
  const headers = { Authorization: `Bearer ${accessToken}` }
  const paths = ['/v1/dashboard', '/v1/me', '/v1/dashboard/insights']
  const answers = await Promise.all(paths.map((path) => fetch(server.url + path, { headers })))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 403])
}
