import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Case, Skipped, withUndo } from '../case.ts'
import { openPostgres } from '../postgres.ts'
import { underTraffic } from '../under-traffic.ts'

/** Room for the template, a copy of it and some WAL. */
const megabytes = 300

export const diskFull: Case = {
  name: 'disk-full',
  about: 'the disk that holds tables and WAL is full (a tmpfs of limited size, filled by a file), and has room again',
  times: { short: 1, long: 6 },
  run: (stand, options) =>
    withUndo(async (defer) => {
      const disk = join(stand.directory, `disk-${crypto.randomUUID()}`)
      mkdirSync(disk)
      const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk])
      if (status !== 0) throw new Skipped('this user may not mount a disk of limited size')
      defer(() => spawnSync('umount', ['-l', disk]))
      chmodSync(disk, 0o711)
      const postgres = await openPostgres(disk, { max_wal_size: '64MB', min_wal_size: '32MB' })
      defer(postgres.stop)
      await stand.prepare(postgres)
      return underTraffic(stand, options, {
        postgres,
        async inject({ stand: { signal }, untilReady, hold }) {
          const filler = join(disk, 'filler')
          try {
            fill(filler)
            await untilReady(503, 'it is noticed')
            await hold(options.isShort ? 0.3 : 3)
          } finally {
            rmSync(filler, { force: true })
          }
          // A full disk under the WAL ends PostgreSQL, which is started again until it succeeds.
          return postgres.untilAccepting(signal)
        },
      })
    }),
}

/** Fills the rest of the disk. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (let size = 1024 * 1024; size >= 512; )
      try {
        writeSync(file, Buffer.alloc(size))
      } catch {
        size /= 2
      }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
