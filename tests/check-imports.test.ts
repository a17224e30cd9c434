import { describe, expect, test } from 'bun:test'
import { checkImports } from '../scripts/check-imports.ts'

function found(files: Record<string, string>): string[] {
  return checkImports(new Map(Object.entries(files))).map(({ file, line, message }) => `${file}:${line} ${message}`)
}

const feature = {
  'src/main.ts': `import { createApp } from './app.ts'\ncreateApp(process.env)\n`,
  'src/app.ts': `import { noteRoutes } from './notes/routes.ts'\nimport { step } from './http/chain.ts'\n`,
  'src/db/database.ts': `export const sql = 1\n`,
  'src/deps.ts': `import type { NoteBook } from './notes/service.ts'\n`,
  'src/http/chain.ts': `import { Hono } from 'hono'\nimport type { Deps } from '../deps.ts'\n`,
  'src/notes/routes.ts': `import { Hono } from 'hono'\nimport { add } from './service.ts'\nimport { requireUser } from '../users/guards.ts'\n`,
  'src/notes/service.ts': `import { insertNote } from './queries.ts'\nimport { findOwner } from '../users/service.ts'\n`,
  'src/notes/queries.ts': `import { sql } from '../db.ts'\nimport type { NoteBook } from './service.ts'\n`,
  'src/users/guards.ts': `import { createMiddleware } from 'hono/factory'\nimport { findOwner } from './service.ts'\n`,
  'src/users/service.ts': `import { findUser } from './queries.ts'\n`,
  'src/users/queries.ts': `import { sql } from '../db'\n`,
}

test('a tree that keeps the direction has no violation', () => {
  expect(found(feature)).toEqual([])
})

describe('each wrong import is named with its file and line', () => {
  const cases: [what: string, file: string, code: string, expected: RegExp][] = [
    [
      'a service that imports hono',
      'src/notes/add.ts',
      `\nimport { Hono } from 'hono'\n`,
      /^src\/notes\/add\.ts:2 hono /,
    ],
    ['a service that imports a type of hono', 'src/notes/add.ts', `import type { Context } from 'hono'`, /:1 hono /],
    [
      'queries that import a package of hono',
      'src/notes/tag-queries.ts',
      `import { a } from '@hono/zod-validator'`,
      /:1 @hono/,
    ],
    [
      'a service that reaches hono through plumbing',
      'src/notes/add.ts',
      `import { step } from '../http/chain.ts'`,
      /reaches hono: src\/http\/chain\.ts → hono/,
    ],
    [
      'routes that skip the service',
      'src/notes/routes.ts',
      `import { insertNote } from './queries.ts'`,
      /skip the service/,
    ],
    [
      "another feature's queries",
      'src/notes/service.ts',
      `import { findUser } from '../users/queries.ts'`,
      /belongs to the feature users/,
    ],
    [
      "a type of another feature's queries",
      'src/notes/service.ts',
      `import type { User } from '../users/queries.ts'`,
      /belongs to the feature users/,
    ],
    [
      "another feature's queries, exported again",
      'src/notes/service.ts',
      `export { findUser } from '../users/queries.ts'`,
      /belongs to the feature users/,
    ],
    [
      "another feature's queries, imported at run time",
      'src/notes/service.ts',
      `const q = await import('../users/queries.ts')`,
      /belongs to the feature users/,
    ],
    [
      "another feature's queries, imported over several lines",
      'src/notes/service.ts',
      `import {\n  findUser,\n  type User,\n} from '../users/queries.ts'`,
      /:1 .*belongs to the feature users/,
    ],
    ['queries that import routes', 'src/notes/queries.ts', `import type { N } from './routes.ts'`, /below the routes/],
    [
      "another feature's routes",
      'src/users/service.ts',
      `import type { N } from '../notes/routes.ts'`,
      /below the routes/,
    ],
    [
      'plumbing that knows a feature',
      'src/http/chain.ts',
      `import type { Note } from '../notes/service.ts'`,
      /knows no feature/,
    ],
    [
      'a base module that runs a feature',
      'src/db/clock.ts',
      `import { add } from './notes/service.ts'`,
      /runs code of the feature notes/,
    ],
    [
      'a feature that imports the app',
      'src/notes/service.ts',
      `import type { App } from '../app.ts'`,
      /puts the program together/,
    ],
    [
      'a program that imports its tests',
      'src/notes/service.ts',
      `import { a } from '../../tests/support/app.ts'`,
      /not part of the program/,
    ],
    [
      'the environment, read by a feature',
      'src/notes/service.ts',
      `\nconst a = process.env.PORT`,
      /:2 only src\/main\.ts/,
    ],
    ["Bun's name of the environment", 'src/app.ts', `const { PORT } = Bun.env`, /only src\/main\.ts/],
    ["the module's name of the environment", 'src/app.ts', `const a = import.meta.env`, /only src\/main\.ts/],
    ['a file of 201 lines', 'src/notes/long.ts', 'export {}\n'.repeat(201), /:201 201 lines/],
    ['a barrel', 'src/notes/index.ts', '', /index\.ts says nothing/],
    ['a drawer', 'src/helpers/dates.ts', '', /helpers says nothing/],
  ]
  for (const [what, file, code, expected] of cases)
    test(what, () => {
      const violations = found({ ...feature, [file]: code })
      expect(violations).toHaveLength(1)
      expect(violations[0]).toMatch(expected)
    })
})

test('a cycle of values is named with its way; one of types is none', () => {
  const cycle = { 'src/a/one.ts': `import { b } from '../b/two.ts'`, 'src/b/two.ts': `import { a } from '../a/one'` }
  expect(found(cycle)).toEqual(['src/b/two.ts:1 a cycle: src/a/one.ts → src/b/two.ts → src/a/one.ts'])
  expect(found({ ...cycle, 'src/b/two.ts': `import { type A, type B } from '../a/one.ts'` })).toEqual([])
})

test('a file of 200 lines is short enough', () => {
  expect(found({ 'src/notes/long.ts': 'export {}\n'.repeat(200) })).toEqual([])
})

test('what a comment or a string says is not an import', () => {
  const code = `/*\nimport { Hono } from 'hono'\n*/\n// process.env is not read here\nexport const text = "see https://hono.dev"\n`
  expect(found({ 'src/notes/service.ts': code })).toEqual([])
})
