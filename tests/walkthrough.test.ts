import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { testSecrets } from './support/app.ts'
import { createDatabase } from './support/cluster.ts'
import { startServerProcess } from './support/server-process.ts'

const origin = 'http://localhost:3000'
const root = join(import.meta.dir, '..')
const missing = Bun.which('curl') === null && process.env.CI === undefined
if (missing) process.stderr.write('SKIPPED: the walkthrough needs curl\n')

/** The page without what differs from run to run. */
function shapeOf(page: string, url: string): string {
  return page
    .replaceAll(url, origin)
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replace(/(asha|ravi|root)\.[0-9a-f]{8}@/g, '$1.RUN@')
    .replace(/"[\w-]{11,12}\.?…[\w-]{6}"/g, 'TOKEN')
    .replace(/"nextCursor": "[\w-]+"/g, 'CURSOR')
    .replace(/\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?/g, 'TIME')
    .replace(/curl\/[\d.]+/g, 'CURL')
    .replace(/"(requests|signIns|failedSignIns)":\d+/g, '$1')
    .replace(/"(expiresIn|refreshExpiresIn)": \d+/g, '$1')
    .replace(/whole: .*/, 'VERDICT')
}

test.skipIf(missing)(
  'the walkthrough is what a fresh server answers today',
  async () => {
    const database = await createDatabase()
    const server = await startServerProcess(database.url, { PUBLIC_URL: origin })
    try {
      const script = Bun.spawn([process.execPath, '--no-env-file', 'scripts/walkthrough.ts', server.url], {
        cwd: root,
        env: { PATH: process.env.PATH ?? '', NODE_ENV: 'test', ...testSecrets, DATABASE_URL: database.url },
        stdout: 'pipe',
        stderr: 'pipe',
      })
      const [page, complaint] = await Promise.all([
        new Response(script.stdout).text(),
        new Response(script.stderr).text(),
      ])
      expect([await script.exited, complaint]).toEqual([0, ''])
      const written = await Bun.file(join(root, 'docs/walkthrough.md')).text()
      expect(shapeOf(page, server.url)).toBe(shapeOf(written, origin))
    } finally {
      await server.kill()
      await database.drop()
    }
  },
  60_000,
)
