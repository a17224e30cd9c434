import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openEmbeddedPostgres, stopAbandonedPostgres } from '../../src/embedded-postgres/open.ts'
import {
  ask,
  isRunning,
  openInProcess,
  processState,
  readPostmaster,
  sessionOf,
  untilEnded,
} from '../support/embedded.ts'

const started: Bun.Subprocess[] = []
const postmaster = () => readPostmaster(directory)
let directory: string

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'manas360-embedded-')), 'postgres')
})

afterEach(async () => {
  for (const user of started.splice(0)) {
    user.kill('SIGKILL')
    await user.exited
  }
  await stopAbandonedPostgres(directory)
  rmSync(dirname(directory), { recursive: true, force: true })
})

test('of two first starts at once, both get the same PostgreSQL, and the last to stop ends it', async () => {
  const [one, two] = await Promise.all([startUser(), startUser()])
  const pid = postmaster()
  expect(one.url).toBe(two.url)
  await one.say('stop')
  expect(await ask(two.url, 'select 1 as answer')).toEqual([{ answer: 1 }])
  await two.say('stop')
  await untilEnded(pid)
})

test('it is durable, open to this machine only, and takes 200 connections', async () => {
  const { url } = await startUser()
  const wanted = ['fsync', 'full_page_writes', 'listen_addresses', 'max_connections', 'synchronous_commit']
  const rows = await ask(
    url,
    `select name, setting from pg_settings where name in ('${wanted.join("','")}') order by name`,
  )
  expect(rows.map((row) => row.setting)).toEqual(['on', 'on', '127.0.0.1', '200', 'on'])
  expect(await ask(url, 'select setting from pg_settings where name = $$unix_socket_directories$$')).toEqual([
    { setting: '' },
  ])
  expect(await ask(url, 'select type, auth_method from pg_hba_file_rules')).toEqual([
    { type: 'host', auth_method: 'trust' },
  ])
  expect(await ask(url, 'select current_database() as name, lower($$ÄÉ$$) as lower')).toEqual([
    { name: 'manas360', lower: 'äé' },
  ])
})

test('the terminal’s Ctrl-C does not reach PostgreSQL: it has a session of its own', async () => {
  const user = await startUser()
  expect(sessionOf(postmaster())).toBe(postmaster())
  expect(sessionOf(user.process.pid)).not.toBe(postmaster())
})

test('killed, it comes back on the same port with everything that was committed', async () => {
  const lines: string[] = []
  const restarted = Promise.withResolvers<void>()
  const server = await openEmbeddedPostgres({
    dataDir: directory,
    onProgress: (line) => {
      lines.push(line)
      if (line.includes('started again')) restarted.resolve()
    },
  })
  await ask(server.url, 'create table kept (id integer)')
  const before = postmaster()
  process.kill(before, 'SIGKILL')
  await restarted.promise
  expect(postmaster()).not.toBe(before)
  expect(await ask(server.url, 'select count(*)::int as rows from kept')).toEqual([{ rows: 0 }])
  const after = postmaster()
  await server.stop()
  await untilEnded(after)
})

test('when its starter is killed, PostgreSQL goes on for those who joined, who bring it back too', async () => {
  const starter = await startUser()
  const joiner = await startUser()
  starter.process.kill('SIGKILL')
  await starter.process.exited
  const orphan = postmaster()
  process.kill(orphan, 'SIGKILL')
  // Its pid file is replaced when it is started again.
  while (!existsSync(join(directory, 'postmaster.pid')) || postmaster() === orphan) await Bun.sleep(10)
  const next = await startUser()
  expect(next.url).toBe(joiner.url)
  const pid = postmaster()
  await next.say('stop')
  await joiner.say('stop')
  await untilEnded(pid)
})

test('one that a killed process left running is adopted by the next start and stopped at its end', async () => {
  const killed = await startUser()
  killed.process.kill('SIGKILL')
  await killed.process.exited
  const pid = postmaster()
  expect(isRunning(pid)).toBe(true)
  const next = await startUser()
  expect(next.url).toBe(killed.url)
  await next.say('stop')
  await untilEnded(pid)
})

test('a zombie does not block the next start, and the port stays while somebody uses it', async () => {
  const frozen = await startUser()
  const zombie = postmaster()
  frozen.process.kill('SIGSTOP')
  process.kill(zombie, 'SIGKILL')
  while (processState(zombie) !== 'Z') await Bun.sleep(5)
  const next = await startUser()
  expect(next.url).toBe(frozen.url)
  expect(await ask(frozen.url, 'select 1 as answer')).toEqual([{ answer: 1 }])
  frozen.process.kill('SIGCONT')
  await next.say('stop')
  await frozen.say('stop')
})

test('a stale pid file whose number now belongs to a stranger does not block the start', async () => {
  await (await startUser()).say('stop')
  writeFileSync(
    join(directory, 'postmaster.pid'),
    `${process.pid}\n${directory}\n1\n5432\n\n127.0.0.1\n 1 2\nready   \n`,
  )
  const { url } = await startUser()
  expect(await ask(url, 'select 1 as answer')).toEqual([{ answer: 1 }])
})

test('a data directory whose making was broken off is made anew', async () => {
  const half = `${directory}.new-killed`
  mkdirSync(half)
  writeFileSync(join(half, 'PG_VERSION'), '18\n')
  await (await startUser()).say('stop')
  expect(readdirSync(join(directory, '..')).filter((name) => name.includes('.new-'))).toEqual([])
  expect(existsSync(join(directory, 'PG_VERSION'))).toBe(true)
})

test('a directory with something else in it is refused and left alone', async () => {
  mkdirSync(directory)
  writeFileSync(join(directory, 'letters.txt'), 'mine')
  await expect(openEmbeddedPostgres({ dataDir: directory })).rejects.toThrow(
    'neither empty nor a PostgreSQL data directory',
  )
  expect(readdirSync(directory)).toEqual(['letters.txt'])
})

test('a setting that PostgreSQL refuses is reported in its own words', async () => {
  const opened = openEmbeddedPostgres({ dataDir: directory, settings: { max_connections: 'many' } })
  await expect(opened).rejects.toThrow('max_connections')
})

for (const how of ['exit', 'SIGTERM', 'SIGINT'] as const)
  test(`a process that ends without stopping it takes it along (${how})`, async () => {
    const user = await startUser()
    const pid = postmaster()
    if (how === 'exit') await user.say('exit')
    else user.process.kill(how)
    await user.process.exited
    await untilEnded(pid)
  })

test('a frozen PostgreSQL is stopped all the same', async () => {
  const user = await startUser()
  const pid = postmaster()
  process.kill(pid, 'SIGSTOP')
  await user.say('stop')
  await untilEnded(pid)
})

async function startUser() {
  const user = await openInProcess(directory)
  started.push(user.process)
  return user
}
