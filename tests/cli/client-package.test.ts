import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTestApp } from '../support/app.ts'
import { describeWithRegistry } from '../support/tools.ts'

const root = join(import.meta.dir, '../..')
/** What the example uses of Node, so that the project needs no more types than its own. */
const nodeTypes = 'declare const process: { argv: string[]; stdout: { write(text: string): void } }\n'
const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  target: 'ES2022',
  lib: ['ES2022', 'DOM'],
  types: [],
}

describeWithRegistry('the package of the typed client, in an empty folder with npm', () => {
  let folder = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manas360-client-'))
    await run(process.execPath, join(root, 'scripts/build-client.ts'), '--outdir', join(folder, 'package'))
    await mkdir(join(folder, 'project'))
    await Bun.write(join(folder, 'project/package.json'), JSON.stringify({ private: true, type: 'module' }))
    const packed = await run('npm', 'pack', '--json', '--pack-destination', folder, join(folder, 'package'))
    const [{ filename = '' } = {}] = JSON.parse(packed) as { filename?: string }[]
    const { hono } = (await Bun.file(join(root, 'package.json')).json()).dependencies
    await run('npm', 'install', '--no-audit', '--no-fund', join(folder, filename), `hono@${hono}`, 'typescript@5.9')
    const example = await Bun.file(join(root, 'docs/examples/typed-client.ts')).text()
    await Bun.write(join(folder, 'project/src/example.ts'), example.replace('../../src/client.ts', '@manas360/client'))
    await Bun.write(join(folder, 'project/src/node.d.ts'), nodeTypes)
    await Bun.write(join(folder, 'project/src/consumer.ts'), Bun.file(join(import.meta.dir, '../support/consumer.ts')))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** What a program writes; throws what it wrote when it fails. */
  async function run(...command: string[]): Promise<string> {
    const cwd =
      folder && (await Bun.file(join(folder, 'project/package.json')).exists()) ? join(folder, 'project') : folder
    const child = Bun.spawn(command, { cwd, stdout: 'pipe', stderr: 'pipe' })
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}\n${out}${err}`)
    return out
  }

  test('brings a few kilobytes, and nothing of the server', async () => {
    const files = [...new Bun.Glob('**/*').scanSync(join(folder, 'project/node_modules/@manas360/client'))].sort()
    expect(files).toEqual(['LICENSE', 'README.md', 'client.d.ts', 'client.js', 'package.json'])
    expect(Bun.file(join(folder, 'package/client.js')).size).toBeLessThan(4_000)
    // Types only, which grow with the contract's routes: some 650 bytes each.
    expect(Bun.file(join(folder, 'package/client.d.ts')).size).toBeLessThan(130_000)
    const installed = [...new Bun.Glob('*').scanSync({ cwd: join(folder, 'project/node_modules'), onlyFiles: false })]
    expect(installed.filter((name) => !name.startsWith('.')).sort()).toEqual(['@manas360', 'hono', 'typescript'])
  })

  const compilers = { 5.9: 'node_modules/typescript/bin/tsc', 7: join(root, 'node_modules/typescript/bin/tsc') }
  const resolutions = { bundler: 'preserve', nodenext: 'nodenext' }
  for (const [version, compiler] of Object.entries(compilers))
    for (const [moduleResolution, module] of Object.entries(resolutions))
      test(`type-checks under TypeScript ${version} with moduleResolution ${moduleResolution}`, async () => {
        const compilerOptions = { ...strict, module, moduleResolution, noEmit: true }
        await Bun.write(join(folder, 'project/tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }))
        expect(await run('node', compiler)).toBe('')
      })

  test('installs, compiles and calls the service', async () => {
    const app = await openTestApp()
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (incoming, handle) => app.app.fetch(incoming, { server: handle }),
    })
    const source = await Bun.file(join(folder, 'project/src/example.ts')).text()
    await Bun.write(join(folder, 'project/example.js'), new Bun.Transpiler({ loader: 'ts' }).transformSync(source))
    const lines = (await run('node', 'example.js', server.url.origin).finally(() => server.stop(true))).split('\n')
    expect(lines.slice(1)).toEqual([
      'Free: 0 USD',
      'Starter: 9.99 USD',
      'Professional: 29.99 USD',
      'feature-not-in-plan: professional unlocks it',
      'after logging out: 401',
      '',
    ])
  })
})
