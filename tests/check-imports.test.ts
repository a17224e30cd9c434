import { afterAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkImports } from '../scripts/check-imports.ts'

const root = join(import.meta.dir, '..')

describe('rules that the linter lacks', () => {
  const found = (files: Record<string, string>) =>
    checkImports(new Map(Object.entries(files))).map(({ file, line, message }) => `${file}:${line} ${message}`)

  for (const [what, file, code, refused] of [
    ['hono in a service', 'src/notes/add.ts', `import { Hono } from 'hono'`, /do not know HTTP/],
    ['its types too', 'src/notes/queries.ts', `import type { Context } from 'hono'`, /do not know HTTP/],
    ["another room's queries", 'src/notes/add.ts', `import { find } from '../people/queries.ts'`, /its own room/],
    ['queries from a route', 'src/notes/routes.ts', `import { find } from './queries.ts'`, /skip the service/],
    ['tests in the program', 'src/notes/add.ts', `import { a } from '../../tests/support/app.ts'`, /not part of/],
    ['the environment', 'src/notes/add.ts', `const { PORT } = process.env`, /only src\/main\.ts/],
    ["Bun's name of it", 'src/app.ts', `const { PORT } = Bun.env`, /only src\/main\.ts/],
    ['it in brackets', 'src/app.ts', `const { PORT } = process['env']`, /only src\/main\.ts/],
    ["the module's name of it", 'src/app.ts', `const a = import.meta.env`, /only src\/main\.ts/],
    ['a file of 201 lines', 'src/notes/long.ts', 'export {}\n'.repeat(201), /:201 201 lines/],
    ['a barrel', 'src/notes/index.ts', '', /index\.ts says nothing/],
    ['a drawer', 'src/helpers/dates.ts', '', /helpers says nothing/],
  ] as const)
    test(`${what} is refused`, () => {
      expect(found({ [file]: code })).toHaveLength(1)
      expect(found({ [file]: code })[0]).toMatch(refused)
    })

  test('what is allowed passes', () => {
    expect(
      found({
        'src/main.ts': `const { PORT } = process.env`,
        'src/notes/bundle.ts': `const define = { 'process.env.NODE_ENV': '"production"' }`,
        'src/notes/routes.ts': `import { Hono } from 'hono'\nimport { add } from './add.ts'`,
        'src/notes/add.ts': `import { insert } from './queries.ts'\nimport type { Person } from '../people/queries.ts'`,
        'src/notes/guard.ts': `import { createMiddleware } from 'hono/factory'`,
        'src/notes/long.ts': 'export {}\n'.repeat(200),
      }),
    ).toEqual([])
  })

  test('what stands in a comment or a text is no import', () => {
    const code = `// import { Hono } from 'hono'\n/* process.env */\nconst a = "it's process"`
    expect(found({ 'src/notes/add.ts': code })).toEqual([])
  })
})

describe('the rooms, by the linter', () => {
  const folder = mkdtempSync(join(tmpdir(), 'manas360-rooms-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  /** What the linter says of these files as if they stood in the tree. */
  async function lint(files: Record<string, string>): Promise<string> {
    for (const name of ['biome.json', 'biome.rooms.json']) {
      const config = await Bun.file(join(root, name)).json()
      await Bun.write(join(folder, name), JSON.stringify({ ...config, ...(config.vcs && { vcs: { enabled: false } }) }))
    }
    cpSync(join(root, 'package.json'), join(folder, 'package.json'))
    for (const [file, code] of Object.entries(files)) await Bun.write(join(folder, file), code)
    const child = Bun.spawn([join(root, 'node_modules/.bin/biome'), 'lint', 'src'], {
      cwd: folder,
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    await child.exited
    rmSync(join(folder, 'src'), { recursive: true })
    return out + err
  }

  test('a room that imports one above it is refused, types included', async () => {
    const said = await lint({
      'src/db/pool.ts': `import type { Lock } from '../auth/lock.ts'\nexport type Pool = { lock: Lock }\n`,
      'src/auth/lock.ts': 'export type Lock = { id: string }\n',
    })
    expect(said).toContain('noRestrictedImports')
    expect(said).toContain('db lies below that room')
  })

  test('a circle is refused, of types too', async () => {
    const said = await lint({
      'src/auth/one.ts': `import type { Two } from './two.ts'\nexport type One = { two: Two }\n`,
      'src/auth/two.ts': `import type { One } from './one.ts'\nexport type Two = { one: One } | null\n`,
    })
    expect(said).toContain('noImportCycles')
  })

  test('a room that imports one below it passes', async () => {
    const said = await lint({
      'src/auth/lock.ts': `import type { Pool } from '../db/pool.ts'\nexport type Lock = { pool: Pool }\n`,
      'src/db/pool.ts': 'export type Pool = { size: number }\n',
    })
    expect(said).not.toContain('lint/')
  })

  test('the configuration is what the list of rooms makes', () => {
    expect(Bun.spawnSync([process.execPath, join(root, 'scripts/rooms.ts'), '--check']).exitCode).toBe(0)
  })
})
