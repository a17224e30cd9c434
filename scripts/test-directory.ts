import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stopAbandonedPostgres } from '../src/embedded-postgres/open.ts'
import { commandOf } from '../src/embedded-postgres/postmaster.ts'
import { tryLock } from '../src/embedded-postgres/process-lock.ts'

const prefix = 'manas360-test-'

/** Linux's file system in memory. */
const memory = '/dev/shm'
/** A run needs about a tenth of this: its databases, a few binaries and images. */
const wantedBytes = 6 * 2 ** 30

/** A temporary directory for one test run, locked while this process lives, so that other runs do not delete it. */
export function createRunDirectory(): { directory: string; remove(): Promise<void> } {
  const directory = mkdtempSync(join(chooseParent(), `${prefix}${process.pid}-`))
  const lock = tryLock(join(directory, 'runner'), 'shared')
  return {
    directory,
    async remove() {
      await removeRun(directory)
      lock?.release()
    },
  }
}

/** Records the tests' process group, in case this process is killed. */
export function recordTests(directory: string, pid: number | undefined): void {
  writeFileSync(join(directory, 'tests.pid'), `${pid}`)
}

/**
 * Chooses a file system in memory where there is enough: every test file copies a database of 300 files and drops it,
 * and ext4, which does not reuse an inode for a minute after it was freed, makes the next copy ten times as expensive.
 */
function chooseParent(): string {
  const usual = realpathSync(tmpdir())
  if (process.env.TMPDIR || !existsSync(memory)) return usual
  const { bavail, bsize } = statfsSync(memory)
  const room = Math.min(bavail * bsize, process.availableMemory(), process.constrainedMemory() || Number.MAX_VALUE)
  return room >= wantedBytes && mayRunPrograms(memory) ? memory : usual
}

/** Whether programs may be run from the file system, because tests build some and run them. */
function mayRunPrograms(mount: string): boolean {
  try {
    accessSync(mount, constants.W_OK)
    const options = new RegExp(`^\\S+ ${mount} \\S+ (\\S+)`, 'm').exec(readFileSync('/proc/mounts', 'utf8'))?.[1]
    return options !== undefined && !options.split(',').includes('noexec')
  } catch {
    return false
  }
}

/** Ends processes and deletes directories that killed runs of this user left behind. */
export async function removeAbandonedRuns(): Promise<void> {
  for (const parent of new Set([realpathSync(tmpdir()), memory]))
    if (existsSync(parent)) await removeAbandonedIn(parent)
}

async function removeAbandonedIn(parent: string): Promise<void> {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(prefix))) {
    const directory = join(parent, name)
    const found = statSync(directory, { throwIfNoEntry: false })
    if (!found?.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) continue
    // A run has its pid in its name and, shortly after making its directory, its lock in it.
    const justMade = isAlive(Number(name.slice(prefix.length).split('-')[0])) && Date.now() - found.ctimeMs < 60_000
    const lock = justMade ? null : tryLock(join(directory, 'runner'), 'exclusive')
    if (!lock) continue
    // The tests run on without their runner; their command line, which has the directory, identifies them.
    const recorded = join(directory, 'tests.pid')
    const tests = existsSync(recorded) ? Number(readFileSync(recorded, 'utf8')) : 0
    if (tests > 1 && commandOf(tests).includes(directory)) signalGroup(tests, 'SIGKILL')
    await removeRun(directory)
    lock.release()
  }
}

export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal)
  } catch {
    // It has ended.
  }
}

/**
 * Stops the servers that tests left in the directory, then other processes in it, such as an initdb, and deletes it.
 */
async function removeRun(directory: string): Promise<void> {
  const servers = new Bun.Glob('**/postmaster.pid').scanSync({ cwd: directory, dot: true })
  for (const file of [...servers]) await stopAbandonedPostgres(dirname(join(directory, file)))
  for (let attempt = 1; attempt <= 100; attempt += 1) {
    const left = processesIn(directory)
    for (const pid of left) if (isAlive(pid)) process.kill(pid, attempt < 50 ? 'SIGINT' : 'SIGKILL')
    if (left.length === 0) break
    await Bun.sleep(20)
  }
  rmSync(directory, { recursive: true, force: true })
}

/** The processes with the directory in their command line. Its name is random, so they are ours. */
function processesIn(directory: string): number[] {
  const pids =
    process.platform === 'linux'
      ? readdirSync('/proc').filter((name) => /^\d+$/.test(name))
      : spawnSync('ps', ['-axo', 'pid=']).stdout.toString().split('\n')
  return pids.map(Number).filter((pid) => pid > 1 && pid !== process.pid && commandOf(pid).includes(directory))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
