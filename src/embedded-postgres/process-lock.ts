import { Database, SQLiteError } from 'bun:sqlite'

/** A lock on a file that the kernel holds for this process: it ends with the process, however that ends. */
export type ProcessLock = { release(): void }

type Mode = 'shared' | 'exclusive'

/**
 * Locks `file` (made if missing) without waiting: many may hold it `shared`, or one `exclusive`. Null if that clashes.
 * SQLite's locks are used because they are the kernel's own record locks on every platform: none is ever stale.
 * @throws SQLiteError if the file cannot be written.
 */
export function tryLock(file: string, mode: Mode): ProcessLock | null {
  const database = new Database(file, { create: true })
  try {
    database.run('pragma busy_timeout = 0')
    // Nothing is ever written, so no journal may lie about after a kill.
    database.run('pragma journal_mode = memory')
    database.run(mode === 'shared' ? 'begin' : 'begin exclusive')
    if (mode === 'shared') readOnce(database)
  } catch (error) {
    database.close()
    if (error instanceof SQLiteError && error.code === 'SQLITE_BUSY') return null
    throw error
  }
  return { release: () => database.close() }
}

/** As `tryLock`, but waits up to `seconds`. */
export async function waitForLock(file: string, mode: Mode, seconds: number): Promise<ProcessLock> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const lock = tryLock(file, mode)
    if (lock) return lock
    if (performance.now() > deadline) throw new Error(`${file} has been held by another process for ${seconds} s.`)
    await Bun.sleep(20)
  }
}

/** A transaction takes its shared lock with the first read and keeps it. */
function readOnce(database: Database): void {
  const statement = database.prepare('select count(*) from sqlite_master')
  statement.get()
  statement.finalize()
}
