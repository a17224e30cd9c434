import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare } from '../../src/cli/environment.ts'
import { requireFreeAddress } from '../../src/config/listening-check.ts'
import { createLogger } from '../../src/log/logger.ts'
import { loadConfig } from '../../src/room-config.ts'
import { serve } from '../../src/server.ts'
import { openTestApp, patience, testSecrets } from '../support/app.ts'
import { runProgram } from '../support/program.ts'

const app = await openTestApp()
const busy = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
afterAll(() => busy.stop(true))
const environment = { ...testSecrets, ...patience, NODE_ENV: 'test', DATABASE_URL: app.databaseUrl, HOST: '127.0.0.1' }

test.each([
  ['a port in use', { PORT: `${busy.port}` }, 'set PORT'],
  ['an address of another host', { HOST: '192.0.2.1', PORT: '0' }, 'Set HOST'],
])('serve says of %s what to set, and nothing else', async (_, change, advice) => {
  const { code, out, err } = await runProgram(['serve'], { ...environment, ...change })
  expect([code, out, err.trim().split('\n')]).toEqual([1, '', [expect.stringContaining(advice)]])
})

test('that is judged before a PostgreSQL is started', async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'manas360-address-'))
  const taken = { HOST: '127.0.0.1', PORT: `${busy.port}` }
  const prepared = prepare({ environment: taken, dataDirectory, compiled: false }, requireFreeAddress)
  expect(prepared).rejects.toThrow('is in use')
  expect(await Bun.file(join(dataDirectory, 'postgres.log')).exists()).toBe(false)
})

test('a port that is taken meanwhile ends the start with all closed, and without a word of the database', async () => {
  const lines: string[] = []
  const log = createLogger({ level: 'warn', destination: { write: (line: string) => void lines.push(line) } })
  const config = loadConfig({ ...environment, PORT: `${busy.port}` })
  expect(serve(config, log)).rejects.toThrow('is in use')
  expect(lines).toEqual([])
})

test('where it listens is what HOST says; how it is reached from here is another matter', async () => {
  const config = loadConfig({ ...environment, HOST: '0.0.0.0', PORT: '0' })
  const server = await serve(config, createLogger({ level: 'silent' }))
  afterAll(() => server.stop())
  expect([server.address, server.url]).toEqual([
    expect.stringMatching(/^http:\/\/0\.0\.0\.0:\d+$/),
    expect.stringMatching(/^http:\/\/localhost:\d+$/),
  ])
})

test('several processes listen on one port when all are told to, and one that is not told is refused', async () => {
  const log = createLogger({ level: 'silent' })
  const first = await serve(loadConfig({ ...environment, PORT: '0', REUSE_PORT: 'true' }), log)
  afterAll(() => first.stop())
  const shared = { ...environment, PORT: new URL(first.url).port, REUSE_PORT: 'true' }
  requireFreeAddress(loadConfig(shared))
  const second = await serve(loadConfig(shared), log)
  afterAll(() => second.stop())
  expect(second.url).toBe(first.url)
  const alone = loadConfig({ ...shared, REUSE_PORT: 'false' })
  expect(() => requireFreeAddress(alone)).toThrow('is in use')
  expect(serve(alone, log)).rejects.toThrow('is in use')
})

test('production says its own number and its own scheme at once', async () => {
  const bad = {
    NODE_ENV: 'production',
    JWT_SECRET: 'short',
    JWT_REFRESH_SECRET: 'x'.repeat(40),
    PUBLIC_URL: 'http://a.test',
  }
  const { err } = await runProgram(['serve'], bad)
  expect(err).toContain('JWT_SECRET: must have at least 64 characters in production')
  expect(err).toContain('JWT_REFRESH_SECRET: must have at least 64 characters in production')
  expect(err).toContain('PUBLIC_URL: must begin with https:// in production')
  expect((await runProgram(['serve'], { ...bad, PUBLIC_URL: 'a.test' })).err).toContain(
    'PUBLIC_URL: must be a URL that begins with https://\n',
  )
})

test('keys generate says why it takes no RS256', async () => {
  const { code, err } = await runProgram(['keys', 'generate', '--algorithm', 'RS256'], {})
  expect([code, err.split('\n')[0]]).toEqual([64, '--algorithm RS256: must be ES256 or EdDSA'])
})

test.each([['--help'], ['doctor'], ['openapi']])('%s ends quietly when its reader has enough', async (command) => {
  const main = join(import.meta.dir, '../../src/main.ts')
  const script = `{ '${process.execPath}' --no-env-file '${main}' ${command}; echo "code $?" >&2; } | true`
  const child = Bun.spawn(['sh', '-c', script], { env: { PATH: process.env.PATH, ...environment }, stderr: 'pipe' })
  expect(await new Response(child.stderr).text()).toBe('code 0\n')
})

test('healthcheck says what failed, without asking back', async () => {
  const { out } = await runProgram(['healthcheck'], { PORT: '1', HOST: '127.0.0.1' })
  expect(out).toBe('http://127.0.0.1:1/live does not answer: ECONNREFUSED\n')
})

test('the bare address leads to the reference in development, and to nothing in production', async () => {
  const answer = await app.request('/')
  expect([answer.status, answer.headers.get('link')]).toEqual([404, '</docs>; rel="service-doc"'])
  const live = await openTestApp({ NODE_ENV: 'production', PUBLIC_URL: 'https://api.manas360.test' })
  const quiet = await live.request('/')
  expect([quiet.status, quiet.headers.get('link')]).toEqual([404, null])
})
