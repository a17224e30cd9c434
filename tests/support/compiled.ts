import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitForLock } from '../../src/embedded-postgres/process-lock.ts'

const build = join(import.meta.dir, '../../scripts/build.ts')

/**
 * The compiled program, built by the first file of a run that needs it. It starts in half the time of the sources: for
 * tests that start many servers, and for tests of the program itself.
 */
export function compiledProgram(): Promise<string> {
  compiled ??= compile()
  return compiled
}

let compiled: Promise<string> | undefined

async function compile(): Promise<string> {
  const directory = join(tmpdir(), `program-${process.env.TEST_TEMPLATE}`)
  const binary = join(directory, 'manas360')
  mkdirSync(directory, { recursive: true })
  const lock = await waitForLock(join(directory, 'lock'), 'exclusive', 120)
  try {
    if (!existsSync(join(directory, 'done'))) {
      const child = Bun.spawn([process.execPath, build, '--outfile', binary], { stdout: 'ignore', stderr: 'inherit' })
      if ((await child.exited) !== 0) throw new Error('the program could not be compiled')
      await Bun.write(join(directory, 'done'), '')
    }
  } finally {
    lock.release()
  }
  return binary
}
