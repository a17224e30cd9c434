import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Guard } from './guard.ts'

const root = join(import.meta.dir, '..', '..')
/** The files of the project that tests read. */
const copied = [
  ...['src', 'tests', 'scripts', 'sql', 'docs', 'patches', 'bench', 'package.json', 'tsconfig.json', 'bunfig.toml'],
  ...['biome.json', 'biome.rooms.json', '.env.example', 'README.md', 'deploy'],
]

/** The timeout of a run, because without the bound of a body its test never ends. */
const longestRunMs = 180_000

/** A copy of the project in which guards are removed, one at a time. */
export function openScratch(directory: string) {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const name of copied) cpSync(join(root, name), join(directory, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))

  /** Runs the guard's tests without it. @returns the titles that failed, and the output */
  async function without(guard: Guard): Promise<{ failed: string[]; output: string }> {
    const path = join(directory, guard.file)
    const whole = readFileSync(path, 'utf8')
    writeFileSync(path, takenAway(whole, guard))
    try {
      return await run(guard.tests, guard.only)
    } finally {
      writeFileSync(path, whole)
    }
  }

  /** Runs test files on the database of TEST_DATABASE_URL and TEST_TEMPLATE. */
  async function run(tests: string[], only?: string): Promise<{ failed: string[]; output: string }> {
    const files = tests.map((test) => `tests/${test}.test.ts`)
    const named = only === undefined ? [] : ['-t', only]
    const child = spawn(process.execPath, ['test', '--no-env-file', '--timeout=30000', ...files, ...named], {
      cwd: directory,
      env: { ...process.env, NODE_ENV: 'test', FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const timer = setTimeout(() => child.kill('SIGKILL'), longestRunMs)
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
    clearTimeout(timer)
    const failed = [...output.matchAll(/^\(fail\) (.*?)(?: \[[\d.]+ms\])?$/gm)].map(([, title = '']) => title)
    if (code !== 0 && failed.length === 0) {
      // Without a bound the tests may never end, or end the process.
      if (!output.includes('(pass)')) throw new Error(`${tests.join(', ')} did not run:\n${output.slice(-2_000)}`)
      failed.push('the run broke off')
    }
    return { failed, output }
  }

  return { without, run, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

/** The text of a file without the guard. @throws Error where the guard is missing, or occurs twice */
export function takenAway(text: string, { name, file, from, to }: Guard): string {
  const places = text.split(from).length - 1
  if (places !== 1) throw new Error(`${name}: ${file} has ${places} places such as ${JSON.stringify(from)}`)
  return text.replace(from, () => to)
}
