import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, constants } from 'node:os'
import { join, relative } from 'node:path'
import postgres from 'postgres'
import { migrate } from '../src/db/migrate.ts'
import { openEmbeddedPostgres } from '../src/embedded-postgres/open.ts'
import { createRunDirectory, recordTests, removeAbandonedRuns, signalGroup } from './test-directory.ts'

const usage = `The tests: bun run test [part of a file's name …] [options]

  --update-timings   writes how long each file took to tests/timings.json; the slowest begin first
  --help             this text

They run on a throw-away PostgreSQL, or on the server that TEST_DATABASE_URL names; every file copies the template database
that is made here. TEST_WORKERS says how many files run at once (1.5 for each core unless set). Other options go to bun test. The last line is: N passed, N failed[, N skipped]`

const templatePrefix = 'app_template_'

const timings = 'tests/timings.json'

/** Settings for throw-away data, which needs no durability; concurrent files open a few hundred connections. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  max_connections: '400',
  // Copied by the kernel; elsewhere PostgreSQL may not know the word.
  ...(process.platform === 'linux' && { file_copy_method: 'clone' }),
}

/** The environment of tests, without variables of a .env file or a developer's shell. */
const inherited =
  /^(TEST_.*|PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|CI|XDG_RUNTIME_DIR|.*_PROXY|SSL_CERT_.*|BUN_INSTALL.*|NPM_CONFIG_.*|SYSTEMROOT|USERPROFILE|TEMP|TMP)$/i

type Counts = { passed: number; failed: number; skipped: number }

let interrupted: keyof typeof constants.signals | undefined
let tests: number | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    interrupted ??= signal
    if (tests !== undefined) signalGroup(tests, signal)
  })

const words = process.argv.slice(2)
if (words.includes('--help')) process.stdout.write(`${usage}\n`)
else if (namesNoFile(words)) {
  process.stderr.write(`No file in tests/ has ${words.join(' or ')} in its name.\n\n${usage}\n`)
  process.exitCode = 64
} else process.exitCode = await main(words)

/** Whether there are only parts of names, and no test file has any of them. */
function namesNoFile(words: string[]): boolean {
  if (words.length === 0 || words.some((word) => word.startsWith('-'))) return false
  const files = [...new Bun.Glob('tests/**/*.test.ts').scanSync()]
  return !files.some((file) => words.some((word) => file.includes(relative('.', word))))
}

async function main(filters: string[]): Promise<number> {
  await removeAbandonedRuns()
  const { directory, remove } = createRunDirectory()
  try {
    const given = process.env.TEST_DATABASE_URL
    if (given) return await runOn(given, directory, filters)
    const server = await openEmbeddedPostgres({ dataDir: join(directory, 'postgres'), settings })
    try {
      return await runOn(server.url, directory, filters)
    } finally {
      await server.stop()
    }
  } finally {
    await remove()
  }
}

async function runOn(server: string, directory: string, filters: string[]): Promise<number> {
  const template = `${templatePrefix}${process.pid}_${crypto.randomUUID().slice(0, 8)}`
  // The application name of this session shows other runs that the template is in use.
  const sql = postgres(server, { max: 1, onnotice: () => {}, connection: { application_name: template } })
  try {
    await dropAbandonedTemplates(sql)
    await sql`create database ${sql(template)}`
    await migrate({ url: withDatabase(server, template) })
    // A template with connections cannot be copied.
    await sql`alter database ${sql(template)} with allow_connections false`
    if (interrupted) return 128 + constants.signals[interrupted]
    return await runTests(directory, { TEST_DATABASE_URL: server, TEST_TEMPLATE: template }, filters)
  } finally {
    await dropTemplate(sql, template)
    await sql.end({ timeout: 5 })
  }
}

/**
 * Runs the tests. In a whole run, at most two failing files are run again, alone and reported: files that pass then are
 * unsteady, not broken, and their second result counts. A run of chosen files has no second attempt.
 */
async function runTests(directory: string, database: Record<string, string>, filters: string[]): Promise<number> {
  const report = join(directory, 'junit.xml')
  let counts = await runOnce(directory, database, filters)
  const files = filters.length === 0 && counts.failed > 0 ? failedFiles(report, counts.failed) : []
  if (files.length > 0 && files.length <= 2 && !interrupted) {
    process.stderr.write(`\nFAILED, AND RUN ONCE MORE, ALONE: ${files.join(', ')}\n`)
    const again = await runOnce(directory, database, files)
    if (again.failed === 0) {
      process.stderr.write(`\nUNSTEADY: ${files.join(', ')} failed once and passed alone. Find out why.\n`)
      counts = { ...counts, passed: counts.passed + counts.failed, failed: 0 }
    }
  }
  if (interrupted) return 128 + constants.signals[interrupted]
  const { passed, failed, skipped } = counts
  process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  const allowedToSkip = process.env.CI !== 'true' || skipped === 0
  return failed === 0 && passed > 0 && allowedToSkip ? 0 : 1
}

/** The files of the failed tests; none when the report does not account for all of them, as after a crash. */
function failedFiles(report: string, failed: number): string[] {
  if (!existsSync(report)) return []
  const cases = readFileSync(report, 'utf8').matchAll(/<testcase\b[^>]*?\bfile="([^"]*)"[^>]*[^/]>\s*<failure/g)
  const files = [...cases].map(([, file = '']) => file)
  return files.length === failed ? [...new Set(files)] : []
}

async function runOnce(directory: string, database: Record<string, string>, files: string[]): Promise<Counts> {
  // More than cores, because some files mostly wait; a given server may allow few connections.
  const perCore = process.env.TEST_DATABASE_URL ? 1 : 1.5
  const asked = Number(process.env.TEST_WORKERS) || Math.ceil(availableParallelism() * perCore)
  const workers = Math.min(Math.max(asked, 2), 8)
  const report = ['--reporter=junit', `--reporter-outfile=${join(directory, 'junit.xml')}`]
  const flags = [
    '--no-env-file',
    `--parallel=${workers}`,
    // A worker keeps the modules from file to file: evaluating them again costs more than most files' own tests.
    '--no-isolate',
    // A patience, not a promise: on a busy machine what takes a second elsewhere takes twenty.
    '--timeout=300000',
    `--timings=${timings}`,
    ...report,
  ]
  const allowed = Object.entries(process.env).filter(([name]) => inherited.test(name))
  const child = spawn(process.execPath, ['test', ...flags, ...files], {
    stdio: ['ignore', 'inherit', 'pipe'],
    // A process group of its own, so that a signal reaches every worker and its children.
    detached: true,
    env: {
      ...Object.fromEntries(allowed),
      NODE_ENV: 'test',
      ...(process.stderr.isTTY && { FORCE_COLOR: '1' }),
      ...database,
      TMPDIR: directory,
    },
  })
  tests = child.pid
  recordTests(directory, child.pid)
  let tail = ''
  child.stderr.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk)
    tail = (tail + chunk.toString()).slice(-4000)
  })
  const closed = new Promise((resolve) => child.once('close', resolve))
  const code = await new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1)))
  // Reads the rest of the output; a process that a test left behind may keep the pipe open forever.
  await Promise.race([closed, Bun.sleep(1000)])
  if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
  return countTests(Bun.stripANSI(tail), code)
}

/** The counts of the runner's closing lines; a run without them has failed. */
function countTests(tail: string, code: number): Counts {
  const closing = tail.slice(Math.max(tail.lastIndexOf('\n\n'), 0))
  const count = (word: string) => Number(new RegExp(`^ *(\\d+) ${word}$`, 'm').exec(closing)?.[1] ?? 0)
  const failed = Math.max(count('fail'), count('errors?'), code === 0 ? 0 : 1)
  return { passed: count('pass'), failed, skipped: count('skip') + count('todo') }
}

/** Drops the databases of killed runs, on a lasting server. */
async function dropAbandonedTemplates(sql: postgres.Sql): Promise<void> {
  const abandoned = await sql<{ datname: string }[]>`
    select datname from pg_database d
    where starts_with(datname, ${templatePrefix})
      and not exists (select from pg_stat_activity a where a.application_name = d.datname)`
  for (const { datname } of abandoned) await dropTemplate(sql, datname)
}

async function dropTemplate(sql: postgres.Sql, template: string): Promise<void> {
  const copies = `t_${template.slice(templatePrefix.length)}_`
  const databases = await sql<{ datname: string }[]>`
    select datname from pg_database where datname = ${template} or starts_with(datname, ${copies})`
  for (const { datname } of databases) await sql`drop database if exists ${sql(datname)} with (force)`
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
