import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Glob } from 'bun'

const root = join(import.meta.dir, '..')
// One pattern each: in braces a slash finds nothing.
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...['docs/**/*.md', 'deploy/*.md', 'deploy/*/*.md'].flatMap((glob) => [...new Glob(glob).scanSync(root)]),
].sort()
// Not sql/: a migration that has run is never edited.
const sources = [...new Glob('{src,tests,scripts}/**/*.ts').scanSync(root)].sort()
const read = (file: string) => Bun.file(join(root, file)).text()
const folders = /^(?:src|tests|scripts|sql|docs|bench|deploy)\//

/** From the root, from `src/`, or from the page's own folder. */
function isThere(path: string, page: string): boolean {
  return ['', 'src', join(page, '..')].some((from) => existsSync(join(root, from, path)))
}

test('the pages are found', () => {
  expect(pages).toEqual(
    expect.arrayContaining(['README.md', 'docs/operations.md', 'deploy/README.md', 'deploy/aws/README.md']),
  )
})

test.each(pages)('every path that %s names is there', async (page) => {
  const text = await read(page)
  const named = [...text.matchAll(/`([\w-]+(?:\/[\w.-]+)*\/?)`/g)].map(([, path = '']) => path)
  const paths = named.filter((path) => folders.test(path) || /^[\w-]+\/[\w/-]+\.(?:ts|sql|md)$/.test(path))
  // A test is also called by its name without the ending.
  expect(paths.filter((path) => !isThere(path, page) && !isThere(`${path}.test.ts`, page))).toEqual([])
  const linked = [...text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)].map(([, path = '']) => path)
  expect(linked.filter((path) => !isThere(join(page, '..', path), page))).toEqual([])
})

/** The anchors that GitHub makes of a page's headings. */
async function anchorsOf(page: string): Promise<Set<string>> {
  const anchors = new Set<string>()
  const text = (await read(page)).replace(/^```.*?^```$/gms, '')
  for (const [, heading = ''] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const anchor = shown
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    for (let [n, name] = [1, anchor]; ; name = `${anchor}-${n++}`) {
      if (anchors.has(name)) continue
      anchors.add(name)
      break
    }
  }
  return anchors
}

test.each(pages)('every heading that %s links to is there', async (page) => {
  const missing: string[] = []
  for (const [, path = '', anchor = ''] of (await read(page)).matchAll(/\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)/g)) {
    const target = path === '' ? page : join(page, '..', path)
    if (target.endsWith('.md') && !(await anchorsOf(target)).has(anchor)) missing.push(`${path}#${anchor}`)
  }
  expect(missing).toEqual([])
})

test('every source file that a comment names is there', async () => {
  const missing: string[] = []
  for (const file of sources) {
    const comments = [...(await read(file)).matchAll(/^\s*(?:\/?\*|\/\/)(.*)$/gm)].map(([, text = '']) => text)
    for (const [path] of comments.join('\n').matchAll(/\b(?:src|tests|scripts|sql|docs)\/[\w/-]+\.(?:ts|sql|md)\b/g))
      if (!existsSync(join(root, path))) missing.push(`${file}: ${path}`)
  }
  expect(missing).toEqual([])
})

test('nothing stands behind a # in what is pasted into a shell: zsh takes it for an argument', async () => {
  const found: string[] = []
  for (const page of pages)
    for (const [, block = ''] of (await read(page)).matchAll(/^```(?:sh|bash)\n(.*?)^```$/gms))
      found.push(
        ...block
          .split('\n')
          .filter((line) => /^[^#'"]*\S\s+# /.test(line))
          .map((line) => `${page}: ${line}`),
      )
  expect(found).toEqual([])
})
