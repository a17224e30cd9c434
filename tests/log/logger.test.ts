import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger, type LogLevel } from '../../src/log/logger.ts'

function logged(use: (log: ReturnType<typeof createLogger>) => void, level: LogLevel = 'trace') {
  const lines: string[] = []
  use(createLogger({ level, destination: { write: (line) => void lines.push(line) } }))
  return { text: lines.join(''), entries: lines.map((line) => JSON.parse(line)) }
}

test('a line is one JSON object with level, ISO time, service and message', () => {
  const { text, entries } = logged((log) => log.warn({ waitMs: 5 }, 'waiting'))
  expect(entries).toEqual([
    {
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'manas360',
      waitMs: 5,
      msg: 'waiting',
    },
  ])
  expect(text.endsWith('}\n')).toBe(true)
})

test('a level writes itself and what is graver; silent writes nothing', () => {
  const all = (log: ReturnType<typeof createLogger>) => {
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level](level)
  }
  expect(logged(all, 'warn').entries.map(({ level }) => level)).toEqual(['warn', 'error', 'fatal'])
  expect(logged(all, 'trace').entries).toHaveLength(6)
  expect(logged(all, 'silent').entries).toEqual([])
})

test('evidence is an info line at every level but silent, and written at once', () => {
  const logAlways = (log: ReturnType<typeof createLogger>) => log.logAlways({ id: 1, token: 'canary' }, 'evidence')
  for (const level of ['trace', 'warn', 'error', 'fatal'] as const)
    expect(logged(logAlways, level).entries).toMatchObject([
      { level: 'info', service: 'manas360', id: 1, token: '[Redacted]', msg: 'evidence' },
    ])
  expect(logged(logAlways, 'silent').entries).toEqual([])
  let flushed = 0
  logAlways(createLogger({ level: 'fatal', destination: { write: () => {}, flush: () => void flushed++ } }))
  expect(flushed).toBe(1)
})

test('secrets and personal data are taken out by their key, at any depth and in any case', () => {
  const canary = 'canary-7f3a'
  const { text } = logged((log) =>
    log.info(
      {
        authorization: canary,
        password: canary,
        token: canary,
        key: canary,
        headers: { Authorization: canary, 'Set-Cookie': canary, cookie: [canary] },
        body: { refreshToken: canary, list: [{ email: canary, newPassword: canary, phoneNumber: canary }] },
        err: new Error('failed', { cause: { accessToken: canary } }),
        nested: { err: new Error('failed', { cause: { secret: canary } }) },
      },
      'request',
    ),
  )
  expect(text).not.toContain(canary)
  expect(text.match(/\[Redacted\]/g)).toHaveLength(13)
})

test('what is redacted in the log stays as it was for the caller', () => {
  const members = { body: { password: 'kept' } }
  logged((log) => log.info(members, 'request'))
  expect(members).toEqual({ body: { password: 'kept' } })
})

test('an error is told by type, message, code, stack and cause, never by the values that a database error quotes', () => {
  const canary = 'meena@example.test'
  const error = Object.assign(new Error(`invalid input syntax for type uuid: "${canary}"`), {
    code: '22P02',
    detail: `Key (email)=(${canary}) already exists.`,
    query: 'select $1',
    parameters: [canary],
    constraint_name: 'accounts_email_key',
  })
  error.name = 'PostgresError'
  const { text, entries } = logged((log) => log.error({ err: new Error('outer', { cause: error }) }, 'failed'))
  expect(entries[0].err).toMatchObject({
    type: 'Error',
    message: 'outer',
    stack: expect.stringContaining('logger.test.ts'),
  })
  expect(entries[0].err.cause).toMatchObject({ type: 'PostgresError', code: '22P02', constraint: 'accounts_email_key' })
  expect(text).not.toContain(canary)
  expect(text).not.toContain('select $1')
})

test('every error of an aggregate is told', () => {
  const refused = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' })
  const { entries } = logged((log) => log.warn({ err: new AggregateError([refused], '') }, 'no connection'))
  expect(entries[0].err.errors[0]).toMatchObject({ message: 'connect refused', code: 'ECONNREFUSED' })
})

test('an error that is its own cause ends', () => {
  const error: Error & { cause?: unknown } = new Error('loop')
  error.cause = error
  expect(logged((log) => log.error({ err: error }, 'failed')).entries).toHaveLength(1)
})

test('a value can neither begin a line of its own nor steer a terminal', () => {
  const hostile = 'a\r\n{"level":"info"}\u001b[2J\u009b2J\u2028\u0000'
  const { text, entries } = logged((log) => log.info({ path: hostile }, hostile))
  expect(text.trimEnd()).not.toMatch(/\p{Cc}|\u2028/u)
  expect(text).toContain('\\u001b[2J')
  expect(entries[0]).toMatchObject({ path: hostile, msg: hostile })
})

const program = (body: string) => `
  import { createLogger } from ${JSON.stringify(join(import.meta.dir, '../../src/log/logger.ts'))}
  const log = createLogger({ level: 'info' })
  for (let i = 0; i < 2010; i++) log.info({ i, padding: 'x'.repeat(100) }, 'line')
  ${body}`

async function outputOf(body: string): Promise<string> {
  const child = Bun.spawn([process.execPath, '-e', program(body)], { stdout: 'pipe', stderr: 'ignore' })
  const text = await child.stdout.text()
  await child.exited
  return text
}

test.each([
  ['its own end', ''],
  ['process.exit', 'process.exit(3)'],
  ['an exception that nobody catches', "throw new Error('boom')"],
])('no line is lost, cut or out of order when the process ends by %s', async (_how, body) => {
  const lines = (await outputOf(body)).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).i)).toEqual(Array.from({ length: 2010 }, (_, i) => i))
})

test('an error is written at once, so that a kill -9 right after it does not hide it', async () => {
  const text = await outputOf("log.error('about to die'); process.kill(process.pid, 'SIGKILL')")
  expect(text.trimEnd().split('\n').at(-1)).toContain('about to die')
})

test('a reader that is gone does not end the process', async () => {
  const body = "for (let i = 0; i < 20_000; i++) log.error({ i }, 'to nobody')\nprocess.exit(7)"
  const child = Bun.spawn([process.execPath, '-e', program(body)], { stdout: 'pipe', stderr: 'ignore' })
  await child.stdout.cancel()
  expect(await child.exited).toBe(7)
})

test('a reader that takes nothing for a while stops nobody, and gets every line later', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'manas360-log-'))
  const gate = join(directory, 'gate')
  Bun.spawnSync(['mkfifo', gate])
  const script = program("process.stderr.write('still here')\nawait Bun.stdin.text()")
  const pipeline = '"$0" -e "$1" | { read -r go < "$2"; cat; }'
  const child = Bun.spawn(['sh', '-c', pipeline, process.execPath, script, gate], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  try {
    const said = await child.stderr.getReader().read()
    expect(new TextDecoder().decode(said.value)).toBe('still here')
    await writeFile(gate, 'go\n')
    child.stdin.end()
    expect((await child.stdout.text()).trimEnd().split('\n')).toHaveLength(2010)
  } finally {
    child.kill()
    rmSync(directory, { recursive: true })
  }
})

test('what JSON cannot write is written as text, or the line says so: none is lost', () => {
  const broken = {
    toJSON() {
      throw new Error('no JSON')
    },
  }
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const { entries } = logged((log) => {
    log.info({ amount: 12n, when: new Date(0), error: new Error('seen') }, 'kinds')
    log.info({ broken: Object.assign(new Date(0), broken) }, 'unwritable')
    log.info({ circular }, 'deep')
  })
  expect(entries[0]).toMatchObject({ amount: '12', when: '1970-01-01T00:00:00.000Z', error: { message: 'seen' } })
  expect(entries[1]).toMatchObject({ unwritable: 'no JSON', msg: 'unwritable' })
  expect(JSON.stringify(entries[2])).toContain('[Too deep]')
})
