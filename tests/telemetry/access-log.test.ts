import { expect, test } from 'bun:test'
import { createLogger, type LogLevel } from '../../src/log/logger.ts'
import { createAccessLog } from '../../src/telemetry/access-log.ts'
import { givenAccount, goodPassword, logIn } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'

type Entry = Parameters<ReturnType<typeof createAccessLog>>[0]

const app = await openTestApp()

function logged(entry: Partial<Entry> = {}, level: LogLevel = 'info') {
  const lines: string[] = []
  const log = createLogger({ level, destination: { write: (line) => void lines.push(line) } })
  createAccessLog(log)({
    requestId: 'r-1',
    method: 'GET',
    path: '/v1/me',
    status: 200,
    milliseconds: 1.23456,
    ...entry,
  })
  return { text: lines.join(''), entries: lines.map((line) => JSON.parse(line)) }
}

test('a request is one JSON line, like every other line of the log', () => {
  expect(logged({ accountId: 'a-1' }).entries).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'manas360',
      requestId: 'r-1',
      method: 'GET',
      path: '/v1/me',
      status: 200,
      milliseconds: 1.235,
      accountId: 'a-1',
      msg: 'request',
    },
  ])
})

test('a stranger has no accountId', () => {
  expect(logged().entries[0]).not.toHaveProperty('accountId')
})

test('a refusal says why; and from which network, where it may be part of an attack', () => {
  const entry = logged({ status: 401, code: 'invalid-credentials', network: '0123456789ab' }).entries[0]
  expect(entry).toMatchObject({ status: 401, code: 'invalid-credentials', network: '0123456789ab', msg: 'request' })
  expect(logged({ status: 404, code: 'not-found' }).entries[0]).not.toHaveProperty('network')
})

test.each(['/live', '/ready', '/health', '/metrics'])('%s is logged at debug only', (path) => {
  expect(logged({ path }).entries).toEqual([])
  expect(logged({ path }, 'debug').entries[0].level).toBe('debug')
})

test.each([
  [500, '/v1/me'],
  [503, '/ready'],
])('an answer of %i is an error, on %s', (status, path) => {
  expect(logged({ status, path }, 'error').entries[0].level).toBe('error')
})

test('an answer of 5xx is written at once, others when there is enough to write', () => {
  let flushed = 0
  const log = createLogger({ level: 'info', destination: { write: () => {}, flush: () => void flushed++ } })
  const write = createAccessLog(log)
  write({ requestId: 'r-1', method: 'GET', path: '/v1/me', status: 200, milliseconds: 1 })
  expect(flushed).toBe(0)
  write({ requestId: 'r-2', method: 'GET', path: '/v1/me', status: 500, milliseconds: 1 })
  expect(flushed).toBe(1)
})

test('a refusal of the client is no error', () => {
  expect(logged({ status: 429 }, 'error').entries).toEqual([])
})

test('what a client sends is in no line of the log: neither its path nor its query, nor an id that could begin a line', async () => {
  const before = app.lines.length
  const hostile = 'canary"%0d%0a{"level":"info"}%1b[2J'
  await app.request(`/v1/${hostile}?token=${hostile}`, { headers: { 'X-Request-Id': 'canary"{"level":"info"}' } })
  await app.request(`/v1/entitlements/${hostile}?token=${hostile}`)
  const lines = app.lines.slice(before).filter((line) => line.includes('"msg":"request"'))
  expect(lines.map((line) => JSON.parse(line).path)).toEqual(['unknown', '/v1/entitlements/:feature'])
  expect(lines.join('')).not.toContain('canary')
})

test('401, 403, 429 and failed log-ins carry code and network, never the address; what succeeds carries neither', async () => {
  const limited = await openTestApp({ RATE_LIMIT_GLOBAL: '1/1m' })
  const ip = '203.0.113.77'
  const network = limited.deps.networkHash(ip)
  const person = await givenAccount(limited)
  const { accessToken: bearer } = await logIn(limited, person)
  const linesOf = async (...asked: Parameters<typeof limited.request>) => {
    const before = limited.lines.length
    await limited.request(...asked)
    return limited.lines.slice(before).map((line) => JSON.parse(line))
  }
  const refused = { code: 'invalid-credentials', network }
  const json = { email: person.email, password: 'not this one' }
  expect(await linesOf('/v1/auth/login', { ip, json })).toMatchObject([
    { msg: 'log-in failed', accountId: person.id, ...refused },
    { msg: 'request', status: 401, ...refused },
  ])
  const cases: [string, object, number, object][] = [
    ['/v1/plans', { ip }, 429, { code: 'rate-limited', network }],
    ['/v1/me', { ip: '203.0.113.9', bearer: 'x' }, 401, { code: 'invalid-token', network }],
    ['/v1/dashboard/insights', { ip, bearer }, 403, { code: 'feature-not-in-plan', network, accountId: person.id }],
    [
      '/v1/auth/register',
      { ip: '198.51.100.1', json: { ...json, password: goodPassword } },
      409,
      { code: 'email-taken' },
    ],
    [
      '/v1/me',
      { ip, bearer, method: 'PATCH', json: { no: 1 } },
      422,
      { code: 'validation-failed', network: undefined },
    ],
    ['/v1/me', { ip, bearer }, 200, { code: undefined, network: undefined }],
  ]
  for (const [path, options, status, expected] of cases) {
    const [line] = await linesOf(path, options)
    expect({ path, status: line.status, ...line }).toEqual(expect.objectContaining({ status }))
    for (const [name, value] of Object.entries(expected)) expect([path, name, line[name]]).toEqual([path, name, value])
  }
  for (const trace of [person.email, '203.0.113', '198.51.100']) expect(limited.lines.join()).not.toContain(trace)
})
