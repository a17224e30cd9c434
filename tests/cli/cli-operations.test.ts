import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readVerifications } from '../../src/audit/verifications.ts'
import { commands } from '../../src/cli/commands.ts'
import { writeRows } from '../audit/trail.ts'
import { bodyOf, openTestApp, patience, testSecrets } from '../support/app.ts'
import { openEmptyDatabase } from '../support/empty-database.ts'
import { runProgram } from '../support/program.ts'

const app = await openTestApp()
const environment = { ...testSecrets, ...patience, DATABASE_URL: app.databaseUrl, DB_POOL_MAX: '10' }
const run = (args: string[], env: Record<string, string> = environment, input = '') => runProgram(args, env, input)
const audited = await openTestApp()
const directory = mkdtempSync(join(tmpdir(), 'manas360-cli-'))

describe('doctor', () => {
  const findings = (out: string) =>
    out.split('\n').flatMap((line) => /^([✓!✗]) ([\w ]+): /.exec(line)?.slice(1, 3).join(' ') ?? [])

  test('is content with a good database', async () => {
    const { code, out } = await run(['doctor'])
    const names = [
      'configuration',
      'limits',
      'passkeys',
      'database',
      'encoding',
      'durability',
      'clock',
      'time zone',
      'schema',
      'pool',
      'audit trail',
      'schema public',
      'data keys',
      'mail',
    ]
    // The tests' own server has fsync off.
    expect(findings(out).map((line) => line.slice(2))).toEqual(names)
    const wrong = findings(out).filter((line) => line.startsWith('✗'))
    expect([wrong.filter((line) => line !== '✗ durability'), code]).toEqual([[], wrong.length > 0 ? 1 : 0])
    expect(out).toEndWith(wrong.length > 0 ? '1 marked ✗: mend before anybody is let in.\n' : 'Nothing is wrong.\n')
  })

  test.each([
    [
      'a database out of reach',
      { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' },
      '✗ database',
      'Check DATABASE_URL',
    ],
    ['more connections than there are', { DB_POOL_MAX: '1000' }, '✗ pool', 'lower DB_POOL_MAX'],
    [
      'a replica that is a primary',
      { DATABASE_REPLICA_URL: app.databaseUrl },
      '✗ replica',
      'must name a streaming replica',
    ],
    [
      'a replica out of reach',
      { DATABASE_REPLICA_URL: 'postgres://nobody:hidden@127.0.0.1:1/nothing' },
      '✗ replica',
      'Check DATABASE_REPLICA_URL',
    ],
    ['a Redis out of reach', { REDIS_URL: 'redis://:hidden@127.0.0.1:1' }, '✗ redis', 'check REDIS_URL'],
    ['bad configuration', { PORT: 'x', DB_POOL_MAX: 'y' }, '✗ configuration', 'DB_POOL_MAX'],
  ])('names %s, and what to do', async (_, change, finding, advice) => {
    const { code, out } = await run(['doctor'], { ...environment, ...change })
    expect(code).toBe(1)
    expect(findings(out)).toContain(finding)
    expect(out).toContain(advice)
    expect(out).not.toContain('hidden')
  })

  test('warns of limits that are switched off, by their names, and does not fail for it', async () => {
    const limits = { RATE_LIMIT_REGISTER: 'off', RATE_LIMIT_API: 'off' }
    const { code, out } = await run(['doctor'], { ...environment, ...limits })
    const told = await run(['doctor'])
    expect([findings(out), code]).toEqual([
      findings(told.out).map((line) => (line === '✓ limits' ? '! limits' : line)),
      told.code,
    ])
    expect(out).toContain('RATE_LIMIT_REGISTER, RATE_LIMIT_API off')
    expect(out).toContain('set N/window')
  })

  test('names a database without a schema, and one that is newer', async () => {
    const { url, sql } = await openEmptyDatabase()
    const ask = () => run(['doctor'], { ...environment, DATABASE_URL: url })
    const empty = await ask()
    expect([empty.code, findings(empty.out)]).toEqual([1, expect.arrayContaining(['✗ schema'])])
    expect(empty.out).toMatch(/→ run: .*\/manas360 migrate$/m)
    await run(['migrate'], { ...environment, DATABASE_URL: url })
    expect(findings((await ask()).out)).toContain('✓ schema')
    await sql`insert into schema_migrations (version, name, checksum) values (99, 'later', '')`
    const newer = await ask()
    expect(findings(newer.out)).toContain('✗ schema')
    expect(newer.out).toContain('→ deploy the newer program')
  })

  test('names a database that knows no letters beyond ASCII', async () => {
    // Before 15 there was no other provider, and no word for it.
    const [server] = await app.sql<{ provider: string }[]>`
      select case when current_setting('server_version_num')::int >= 150000 then 'locale_provider libc' else '' end as provider`
    const { url, sql } = await openEmptyDatabase(`encoding 'UTF8' ${server?.provider} lc_collate 'C' lc_ctype 'C'`)
    expect(await sql`select lower('ÅÉ') as lower`).toEqual([{ lower: 'ÅÉ' }] as never)
    const { out } = await run(['doctor'], { ...environment, DATABASE_URL: url })
    expect(findings(out)).toContain('✗ encoding')
    expect(out).toContain('lc_ctype')
  })

  test('prints no secret and no password of a URL', async () => {
    const url = new URL(app.databaseUrl)
    url.password = 'the-database-password'
    const { out, err } = await run(['doctor'], { ...environment, DATABASE_URL: url.href })
    for (const secret of ['the-database-password', ...Object.values(testSecrets)])
      expect(out + err).not.toContain(secret)
  })
})

test('migrate does its work once, and says the same the second time', async () => {
  const { url, sql } = await openEmptyDatabase()
  const first = await run(['migrate'], { ...environment, DATABASE_URL: url })
  const applied = await sql`select * from schema_migrations`
  const second = await run(['seed'], { ...environment, DATABASE_URL: url })
  expect([first.code, second.code]).toEqual([0, 0])
  expect(first.out).toContain('applying 0001_schema')
  expect(second.out).not.toContain('applying')
  expect(await sql`select * from schema_migrations`).toEqual(applied)
})

describe('openapi', () => {
  test('prints the document and nothing else', async () => {
    const { code, out } = await run(['openapi'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual(await bodyOf(await app.request('/openapi.json')))
  })

  test('needs no database and no secrets', async () => {
    const lines: string[] = []
    const invocation = {
      environment: {},
      options: {},
      args: [],
      dataDirectory: directory,
      compiled: false,
      print: (line: string) => void lines.push(line),
    }
    expect(await commands.openapi?.(invocation)).toBe(0)
    expect(JSON.parse(lines.join('\n'))).toMatchObject({ openapi: '3.1.0' })
    const { code, err } = await run(['openapi'], { NODE_ENV: 'production', PUBLIC_URL: 'https://api.manas360.test' })
    expect([code, err]).toEqual([0, ''])
  })
})

describe('healthcheck', () => {
  const answer = { status: 200 }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => new Response(null, { status: new URL(request.url).pathname === '/live' ? answer.status : 404 }),
  })
  afterAll(() => server.stop(true))

  test('is 0 when the server is alive, else 1 and why; it needs no other setting', async () => {
    const ask = (port: number | undefined) => run(['healthcheck'], { PORT: `${port}` })
    expect(await ask(server.port)).toEqual({ code: 0, out: '', err: '' })
    answer.status = 503
    expect(await ask(server.port)).toMatchObject({ code: 1, out: expect.stringContaining('answered 503') })
    expect(await ask(1)).toMatchObject({ code: 1, out: expect.stringContaining('does not answer') })
  })
})

test('healthcheck asks where the server listens', async () => {
  // 127.0.0.2 is another address of this host: one that listens there alone is not found at 127.0.0.1.
  const here = Bun.serve({ port: 0, hostname: '127.0.0.2', fetch: () => new Response() })
  afterAll(() => here.stop(true))
  const ask = (HOST: string) => run(['healthcheck'], { PORT: `${here.port}`, HOST })
  expect(await ask('127.0.0.2')).toEqual({ code: 0, out: '', err: '' })
  expect(await ask('127.0.0.1')).toMatchObject({
    code: 1,
    out: expect.stringContaining(`http://127.0.0.1:${here.port}/live`),
  })
  expect(await ask('::')).toMatchObject({ code: 1, out: expect.stringContaining(`http://[::1]:${here.port}/live`) })
})

describe('jobs', () => {
  test('are listed with their last run; one is run by its name', async () => {
    expect((await run(['jobs'])).out).toMatch(/^seal-audit +every 5 s +never ran$/m)
    expect(await run(['jobs', 'run', 'refresh-views'])).toMatchObject({
      code: 0,
      out: 'refresh-views: done true\n',
      err: '',
    })
    expect((await run(['jobs'])).out).toMatch(/^refresh-views +every 300 s +succeeded at \S+Z, \d+ ms$/m)
  })

  test('of another name are refused, with the names there are', async () => {
    expect(await run(['jobs', 'run', 'no-such-job'])).toMatchObject({
      code: 64,
      out: expect.stringMatching(/forget-successors, .*seal-audit/),
    })
    for (const args of [['run'], ['list'], ['run', 'seal-audit', 'now']])
      expect((await run(['jobs', ...args])).code).toBe(64)
  })
})

describe('audit verify', () => {
  const verify = (...args: string[]) =>
    run(['audit', 'verify', ...args], { ...environment, DATABASE_URL: audited.databaseUrl })
  const checkpointFile = join(directory, 'checkpoint.json')

  test('is 0 for a whole trail, and 1 with the fault for another', async () => {
    await writeRows(audited, 30)
    expect(await verify()).toMatchObject({
      code: 0,
      out: 'The audit trail is whole: 0 rows in 0 checkpoints, 30 not sealed yet.\n',
    })
    const sealed = await run(['jobs', 'run', 'seal-audit'], { ...environment, DATABASE_URL: audited.databaseUrl })
    const [checkpoint] = JSON.parse(/^seal-audit: done (.*)$/m.exec(sealed.out)?.[1] ?? '[]')
    writeFileSync(checkpointFile, JSON.stringify({ level: 'info', checkpoint, msg: 'audit checkpoint' }))
    expect(await verify('--checkpoint', checkpointFile)).toMatchObject({
      code: 0,
      out: 'The audit trail is whole: 30 rows in 1 checkpoints, 0 not sealed yet.\n',
    })
    const found = async () => (await readVerifications(audited.sql, audited.deps.audit)).whole
    expect(await found()).toMatchObject({ checkpoints: 1, auditRows: 30, fault: null })
    await audited.sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`
      await tx`truncate audit_logs, audit_checkpoints, audit_personal, audit_subjects, audit_queue`
    })
    expect(await verify()).toMatchObject({ code: 0 })
    expect(await verify('--checkpoint', checkpointFile)).toMatchObject({
      code: 1,
      out: expect.stringContaining('its tail was cut'),
    })
    expect((await found())?.fault).toContain('its tail was cut')
  })

  test('wants a file that is a checkpoint', async () => {
    writeFileSync(join(directory, 'other.json'), '{"id":1}')
    for (const file of ['other.json', 'no-such-file.json']) {
      const { code, out, err } = await verify('--checkpoint', join(directory, file))
      expect(code).toBe(1)
      expect(out).toBe('')
      expect(err).not.toContain('    at ')
    }
    for (const args of [[], ['check'], ['verify', 'all']]) expect((await run(['audit', ...args])).code).toBe(64)
  })
})
