import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import manifest from '../../package.json'
import { run } from './image.ts'

const project = join(import.meta.dir, '../..')

type Manifest = Record<'dependencies' | 'optionalDependencies' | 'patchedDependencies', Record<string, string>>

/** The project before the last change of the schema. */
type EarlierVersion = { commit: string; directory: string; main: string }

/**
 * Unpacks the earlier version from the repository, without any download.
 * @returns null, with a message, where its history is missing (a shallow clone) or it needs packages that are not
 *   installed
 */
export async function unpackEarlierVersion(): Promise<EarlierVersion | null> {
  const git = (...args: string[]) => run(['git', '-C', project, ...args]).catch(() => '')
  const changed = await git('log', '-1', '--format=%H', '--', 'sql')
  const commit = changed && (await git('rev-parse', '--verify', '--quiet', `${changed}^`))
  if (!commit) return say('the history of this clone does not go back to before the last change of the schema')
  const earlier = JSON.parse(await git('show', `${commit}:package.json`)) as Manifest
  const kinds = ['dependencies', 'optionalDependencies', 'patchedDependencies'] as const
  const present: Manifest = manifest
  const others = kinds.flatMap((kind) =>
    Object.entries(earlier[kind] ?? {}).filter(([name, version]) => present[kind][name] !== version),
  )
  if (others.length > 0) return say(`${commit.slice(0, 12)} needs other packages: ${others.flat().join(' ')}`)
  const directory = mkdtempSync(join(tmpdir(), 'manas360-earlier-'))
  const archive = join(directory, 'source.tar')
  await run([
    'git',
    '-C',
    project,
    'archive',
    '--output',
    archive,
    commit,
    'package.json',
    'tsconfig.json',
    'src',
    'sql',
  ])
  await run(['tar', '-xf', archive, '-C', directory])
  symlinkSync(join(project, 'node_modules'), join(directory, 'node_modules'))
  return { commit, directory, main: join(directory, 'src/main.ts') }
}

function say(reason: string): null {
  process.stderr.write(`NOT SHOWN: two versions side by side, for ${reason}\n`)
  return null
}
