import { afterAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { registered } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { openObserved, reasonOf } from '../support/open-database.ts'
import { openOwnPostgres } from '../support/postgres.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp()
const url = new URL(app.databaseUrl)
const name = url.pathname.slice(1)
url.pathname = '/postgres'
const outside = postgres(url.href, { max: 1, onnotice: () => {} })
afterAll(() => outside.end({ timeout: 1 }))

/** For every session from now on: those that are open are ended. */
async function setReadOnly(isReadOnly: boolean): Promise<void> {
  await outside.unsafe(`alter database "${name}" set default_transaction_read_only to ${isReadOnly ? 'on' : 'off'}`)
  await outside`select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = ${name}`
}

const ready = async () => bodyOf<{ status: unknown; detail?: string }>(await app.request('/ready'))

test('while the database is read-only /ready says so, what reads goes on and what writes is told the truth', async () => {
  const person = await registered(app)
  const patch = () =>
    app.request('/v1/me', { method: 'PATCH', bearer: person.accessToken, json: { firstName: 'Asha' } })
  await setReadOnly(true)
  await until(async () => (await ready()).detail?.includes('read-only') ?? false, 10, '/ready is 503')
  await until(async () => (await app.request('/v1/me', { bearer: person.accessToken })).status === 200, 10, 'reads')
  const refused = await patch()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await bodyOf(refused)).toMatchObject({
    code: 'service-unavailable',
    detail: expect.stringContaining('Nothing can be stored at the moment'),
  })
  await setReadOnly(false)
  await until(async () => (await ready()).status === 'ok', 10, '/ready is 200')
  expect((await patch()).status).toBe(200)
  const told = app.lines.filter(
    (line) => line.includes('nothing can be stored') || line.includes('can be written again'),
  )
  expect(told).toHaveLength(2)
})

/** A disk of 4 MiB, where this process may make one. */
function openTinyDisk(): { path: string; close(): void } | null {
  const path = mkdtempSync(join(tmpdir(), 'manas360-tiny-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path]).status === 0
  const close = () => {
    if (mounted) spawnSync('umount', ['-l', path])
    rmSync(path, { recursive: true, force: true })
  }
  if (mounted) return { path, close }
  close()
  process.stderr.write('SKIPPED: no full disk is tested, for this user may not mount one\n')
  return null
}

const disk = openTinyDisk()
if (disk) afterAll(disk.close)

describe.skipIf(!disk)('with its disk full', () => {
  test('the database is known to take no changes from the first that fails until one would succeed', async () => {
    const server = await openOwnPostgres()
    const database = openObserved(server.url)
    const { sql } = database
    const [{ dataDirectory } = { dataDirectory: '' }] = await sql<{ dataDirectory: string }[]>`
      select current_setting('data_directory') as data_directory`
    const { uid, gid } = statSync(dataDirectory)
    chownSync(disk?.path ?? '', uid, gid)
    await sql.unsafe(`create tablespace tiny location '${disk?.path}'`)
    await sql`create table filler (text text) tablespace tiny`
    await sql`create table small (text text) tablespace tiny`
    await sql`alter role current_user set temp_tablespaces to tiny`
    expect(await database.ping()).toBeNull()
    const fill = () => sql`insert into filler select repeat('x', 2000) from generate_series(1, 500)`
    let failure: unknown
    while (!failure)
      failure = await fill().then(
        () => null,
        (error: unknown) => error,
      )
    expect(failure).toMatchObject({
      code: 'service-unavailable',
      cause: { code: '53100' },
      detail: expect.stringContaining('Nothing can be stored'),
    })
    for (let n = 0; n < 3; n++) expect(await database.ping()).toBe('disk-full')
    expect(await sql`select 1 as one`).toHaveLength(1)
    expect(database.warnings).toEqual(['the disk of the database is full: nothing can be stored'])
    await sql`drop table filler`
    await until(async () => (await database.ping()) === null, 10, 'it can be written again')
    expect(await reasonOf(sql`insert into small values (null) returning 1 / 0`)).toMatchObject({ code: '22012' })
    expect(database.warnings.at(-1)).toBe('the database can be written again')
    await database.close(1)
    await server.stop()
  })
})
