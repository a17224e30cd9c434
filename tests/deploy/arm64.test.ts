import { afterAll, expect, test } from 'bun:test'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compiledProgram } from '../support/compiled.ts'
import { run } from '../support/image.ts'
import { describeWith, describeWithRegistry } from '../support/tools.ts'

const project = join(import.meta.dir, '../..')
const work = mkdtempSync(join(tmpdir(), 'manas360-arm64-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** What distroless/cc has: the C library's parts. An image on it holds no other library. */
const ofTheBase = ['libc.so.6', 'libdl.so.2', 'libgcc_s.so.1', 'libm.so.6', 'libpthread.so.0', 'librt.so.1']

describeWith(['readelf'], 'binutils')('the program', () => {
  test('needs no library that its base does not have', async () => {
    const { needed, interpreter } = await inspect(await compiledProgram())
    expect(needed.filter((library) => !ofTheBase.includes(library) && !library.startsWith('ld-linux'))).toEqual([])
    expect(interpreter).toStartWith('/lib')
  })

  describeWithRegistry('cross-built', () => {
    test('for linux/arm64 by the steps of the Dockerfile, is a program of that machine, with its own native code in it', async () => {
      // Copied, not linked: a module is looked up from where its importer really lies.
      const copied = [...readFileSync(join(project, 'Dockerfile'), 'utf8').matchAll(/^COPY (?!--)(.+) \S+$/gm)]
      expect(copied.length).toBeGreaterThan(3)
      for (const file of copied.flatMap(([, files = '']) => files.split(' ')))
        cpSync(join(project, file), join(work, file), { recursive: true })
      // What the Dockerfile's RUN lines do, with TARGETARCH=arm64.
      const install = ['install', '--frozen-lockfile', '--production', '--ignore-scripts', '--os=linux', '--cpu=arm64']
      await runIn(work, [process.execPath, ...install])
      const built = await runIn(work, [process.execPath, 'scripts/build.ts', '--target', 'bun-linux-arm64'])
      process.stderr.write(`${built}\n`)

      const program = join(work, 'dist/manas360')
      const { machine, type, interpreter, needed } = await inspect(program)
      expect({ machine, interpreter }).toEqual({ machine: 'AArch64', interpreter: '/lib/ld-linux-aarch64.so.1' })
      expect(type).toMatch(/^(?:EXEC|DYN)/)
      expect(needed.filter((library) => !ofTheBase.includes(library) && !library.startsWith('ld-linux'))).toEqual([])

      const addon = join(work, 'node_modules/@node-rs/argon2-linux-arm64-gnu/argon2.linux-arm64-gnu.node')
      expect((await inspect(addon)).machine).toBe('AArch64')
      expect(readFileSync(program).includes(readFileSync(addon))).toBe(true)
    })
  })
})

/** The header, the loader and the needed libraries of an ELF file. */
async function inspect(file: string) {
  const text = await run(['readelf', '--wide', '--file-header', '--program-headers', '--dynamic', file])
  const one = (pattern: RegExp) => pattern.exec(text)?.[1] ?? ''
  return {
    machine: one(/Machine:\s+(.+)/),
    type: one(/^\s+Type:\s+(\S+)/m),
    interpreter: one(/interpreter: ([^\]]+)\]/),
    needed: [...text.matchAll(/\(NEEDED\)\s+Shared library: \[([^\]]+)\]/g)].map(([, library = '']) => library),
  }
}

async function runIn(cwd: string, argv: string[]): Promise<string> {
  return run(['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', cwd, ...argv])
}
