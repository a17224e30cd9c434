import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Files that a base backup leaves out, because PostgreSQL makes them again (its manual, "Making a Base Backup Using the
 * Low Level API").
 */
const leftOut = new Set(['postmaster.pid', 'postmaster.opts'])
const emptied = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_subtrans',
])

/**
 * Copies the files of a data directory while PostgreSQL writes to them; the WAL makes up for files that vanish
 * meanwhile.
 */
export function copyDataDirectory(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (leftOut.has(entry.name)) continue
    if (!entry.isDirectory()) copyIfThere(source, target)
    else if (emptied.has(entry.name)) mkdirSync(target, { mode: 0o700 })
    else copyDataDirectory(source, target)
  }
}

function copyIfThere(from: string, to: string): void {
  try {
    copyFileSync(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
