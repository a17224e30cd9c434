import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import requirements from './requirements-5.0.0.json'

/** docs/asvs.md against the requirements of levels 1 and 2 of ASVS 5.0.0, as the standard lists them. */
const root = join(import.meta.dir, '..', '..')
const page = readFileSync(join(root, 'docs', 'asvs.md'), 'utf8')
const lines = [...page.matchAll(/^\| (\d+\.\d+\.\d+) L([12]) \| (.+?) \| (.+) \|$/gm)].map(
  ([, id = '', level = '', here = '', heldBy = '']) => ({ id, level: Number(level), here, heldBy }),
)
const doesNotApply = 'does not apply'

test('every requirement of levels 1 and 2 has one line, at its level', () => {
  expect(Object.keys(requirements)).toHaveLength(253)
  expect(lines.map(({ id, level }) => [id, level])).toEqual(Object.entries(requirements))
})

test('the page states how many lines there are and how many apply', () => {
  const apply = lines.filter(({ here }) => here !== doesNotApply).length
  expect(page).toContain(`${lines.length} lines\n(70 of level 1, 183 of level 2), of which ${apply} apply here`)
})

describe('each line is held by a test that exists, by a page, or says why it does not apply', () => {
  for (const { id, here, heldBy } of lines)
    test(id, () => {
      if (here === doesNotApply) return expect(heldBy).toMatch(/^[A-Z].*\.$/)
      const named = [...heldBy.matchAll(/`(?:tests\/)?([\w/-]+)` › (.+?)(?=; `|$)/g)]
      for (const [, file = '', title = ''] of named) {
        const path = join(root, 'tests', `${file}.test.ts`)
        expect([file, existsSync(path)]).toEqual([file, true])
        expect(readFileSync(path, 'utf8')).toContain(title.trim())
      }
      const pages = [...heldBy.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)|`(sql\/[\w.]+)`/g)]
      for (const [, link, source] of pages)
        expect(existsSync(join(root, source ?? join('docs', link ?? '')))).toBeTrue()
      expect(named.length + pages.length).toBeGreaterThan(0)
    })
})
