import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Glob } from 'bun'
import type { Page } from 'puppeteer-core'
import { openBrowser } from './support/browser.ts'
import { describeWithRegistry } from './support/tools.ts'

const root = join(import.meta.dir, '..')
const pages = ['README.md', 'docs/*.md', 'deploy/*.md', 'deploy/*/*.md'].flatMap((pattern) => [
  ...new Glob(pattern).scanSync(root),
])
const diagrams: [string, string][] = []
for (const page of pages) {
  const blocks = (await Bun.file(join(root, page)).text()).matchAll(/```mermaid\n([\s\S]*?)```/g)
  for (const [index, [, diagram = '']] of [...blocks].entries()) diagrams.push([`${page} ${index + 1}`, diagram])
}

declare const mermaid: {
  initialize(options: object): void
  render(id: string, text: string): Promise<{ svg: string }>
}

/** Mermaid's own bundle, alone: what GitHub draws them with. */
async function fetchMermaid(folder: string): Promise<string> {
  for (const command of [
    ['npm', 'pack', '--silent', 'mermaid@12.3.0'],
    ['tar', '-xzf', 'mermaid-12.3.0.tgz', 'package/dist/mermaid.min.js'],
  ]) {
    const child = Bun.spawn(command, { cwd: folder, stdout: 'ignore', stderr: 'pipe' })
    const said = await new Response(child.stderr).text()
    if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}\n${said}`)
  }
  return join(folder, 'package/dist/mermaid.min.js')
}

describeWithRegistry('the diagrams of the documents', () => {
  let folder = ''
  let browser: Awaited<ReturnType<typeof openBrowser>>
  let page: Page

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manas360-diagrams-'))
    browser = await openBrowser()
    page = await browser.newPage()
    await page.addScriptTag({ path: await fetchMermaid(folder) })
    await page.evaluate(() => mermaid.initialize({ startOnLoad: false }))
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('are there', () => {
    expect(diagrams.filter(([name]) => name.startsWith('docs/architecture.md')).length).toBeGreaterThanOrEqual(7)
  })

  test.each(diagrams)(
    '%s can be drawn',
    async (_, diagram) => {
      const drawn = await page.evaluate(
        (text) =>
          mermaid.render('drawn', text).then(
            ({ svg }) => svg.slice(0, 4),
            (error) => String(error),
          ),
        diagram,
      )
      expect(drawn).toBe('<svg')
    },
    60_000,
  )
})
