import { Database, SQLiteError } from 'bun:sqlite'

/** A kernel file lock, released when the process ends in whatever way. */
export type ProcessLock = { release(): void }

type Mode = 'shared' | 'exclusive'

/**
 * Locks `file` (created if missing) without waiting: `shared` by many, or `exclusive` by one. Null if another lock
 * conflicts. Uses SQLite, whose locks are the kernel's record locks on every platform and never stale.
 * @throws SQLiteError if the file cannot be written.
 */
export function tryLock(file: string, mode: Mode): ProcessLock | null {
  const database = new Database(file, { create: true })
  try {
    database.run('pragma busy_timeout = 0')
    // Nothing is written, so no journal file is left after a kill.
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

/** Takes the transaction's shared lock, which it keeps. */
function readOnce(database: Database): void {
  const statement = database.prepare('select count(*) from sqlite_master')
  statement.get()
  statement.finalize()
}
