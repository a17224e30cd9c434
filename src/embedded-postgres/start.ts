import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { type Account, chooseAccount, environment, giveTo, loadBinaries, openPath } from './installation.ts'
import { findPostmaster, PostgresError, type Postmaster } from './postmaster.ts'

export type StartOptions = {
  /** The real path of the data directory. */
  directory: string
  settings: Record<string, string>
  onProgress: (line: string) => void
  /** Called with the pid as soon as the process is started. */
  onSpawn: (pid: number) => void
}

const defaults = {
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // No personal data in the log: no statements, and no values of constraint errors.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_parameter_max_length_on_error: '0',
}

/**
 * Starts PostgreSQL on 127.0.0.1, on `port` or else a free one, and first creates the data directory if there is none.
 * The caller must hold the gate and have found no running postmaster.
 * @throws PostgresError with the log's last lines.
 */
export async function startPostmaster(options: StartOptions, port?: number): Promise<Postmaster> {
  const { directory } = options
  const { initdb, postgres } = await loadBinaries()
  const account = chooseAccount(directory)
  if (!existsSync(join(directory, 'PG_VERSION'))) await createDataDirectory(initdb, account, options)
  giveTo(account, directory)
  const deadline = performance.now() + 10_000
  for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
    const started = await tryStart(postgres, account, options, port ?? (await findFreePort()))
    if (typeof started !== 'string') return started
    // The children of a killed postmaster take a moment to end, or the port was just taken.
    const passes = / in use|already exists/.test(started)
    if (!passes || performance.now() > deadline)
      throw new PostgresError(`PostgreSQL did not start. ${directory}.log ends: ${started}${hint(account)}`)
    await Bun.sleep(pause)
  }
}

async function tryStart(
  postgres: string,
  account: Account,
  options: StartOptions,
  port: number,
): Promise<Postmaster | string> {
  const { directory } = options
  const settings = {
    ...defaults,
    ...options.settings,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: `${port}`,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // Stale, because the caller found no postmaster. It would block the start if its pid is a zombie's or reused.
  rmSync(join(directory, 'postmaster.pid'), { force: true })
  const mark = logSize(directory)
  const child = launch(postgres, ['-D', directory, ...flags], account, options)
  // It outlives who joins it. An initdb is waited for: Bun spins while a promise waits and nothing keeps its event loop.
  child.unref()
  const ended = untilExit(child)
  let running = true
  const failed = ended.then(() => {
    running = false
    return null
  })
  while (running) {
    const found = await Promise.race([failed, findPostmaster(directory)])
    if (found) return { ...found, untilEnd: () => ended }
    await Promise.race([failed, Bun.sleep(10)])
  }
  return readLog(directory, mark)
}

/** Created under another name and renamed, so that an existing data directory is always complete. */
async function createDataDirectory(initdb: string, account: Account, options: StartOptions): Promise<void> {
  const { directory, settings, onProgress } = options
  if (existsSync(directory) && readdirSync(directory).length > 0)
    throw new PostgresError(
      `${directory} is neither empty nor a PostgreSQL data directory: move it away, or set DATABASE_URL.`,
    )
  const parent = dirname(directory)
  const prefix = `${basename(directory)}.new-`
  for (const left of readdirSync(parent).filter((name) => name.startsWith(prefix)))
    rmSync(join(parent, left), { recursive: true, force: true, maxRetries: 3 })
  onProgress(`Creating a PostgreSQL data directory in ${directory} (once)`)
  // A new name each time: initdb of a killed run may still be writing.
  const fresh = mkdtempSync(join(parent, prefix))
  giveTo(account, fresh)
  openPath(account, parent)
  const mark = logSize(directory)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const sync = settings.fsync === 'off' ? ['--no-sync'] : []
  const child = launch(initdb, ['-D', fresh, '-U', 'postgres', '--auth=trust', ...locale, ...sync], account, options)
  await untilExit(child)
  if (child.exitCode !== 0) {
    rmSync(fresh, { recursive: true, force: true })
    throw new PostgresError(
      `PostgreSQL's data directory could not be made. ${directory}.log ends: ${readLog(directory, mark)}${hint(account)}`,
    )
  }
  writeFileSync(join(fresh, 'pg_hba.conf'), 'host all all 127.0.0.1/32 trust\n')
  renameSync(fresh, directory)
}

/** Starts it in its own session: the terminal's Ctrl-C must not stop it before the server has finished its requests. */
function launch(program: string, flags: string[], { prefix, uid, gid }: Account, options: StartOptions): ChildProcess {
  const [command = program, ...rest] = [...prefix, program, ...flags]
  const log = openSync(`${options.directory}.log`, logSize(options.directory) > 1_000_000 ? 'w' : 'a', 0o600)
  const child = spawn(command, rest, {
    detached: true,
    stdio: ['ignore', log, log],
    env: environment,
    uid,
    gid,
    cwd: '/',
  })
  closeSync(log)
  if (child.pid !== undefined) options.onSpawn(child.pid)
  return child
}

function untilExit(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
}

function hint({ uid }: Account): string {
  return uid === undefined
    ? ''
    : ` (It refuses to be root, so it runs as user ${uid}, who must be able to read this checkout.)`
}

function logSize(directory: string): number {
  return statSync(`${directory}.log`, { throwIfNoEntry: false })?.size ?? 0
}

function readLog(directory: string, mark: number): string {
  const said = readFileSync(`${directory}.log`).subarray(mark).toString().trim()
  return said.split('\n').slice(-5).join('\n') || 'nothing; the program could not be run'
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
