import { afterAll, describe, expect, test } from 'bun:test'
import { dirname, join } from 'node:path'
import { patience, testSecrets } from './support/app.ts'
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
    .replace(/(asha|ravi|mira|nila|root|tara)\.\d{11,}@/g, '$1.RUN@')
    .replace(/sbx_(co|sub)_[\w-]+/g, '$1')
    .replace(/"[\w+/-]{11,12}\.?…[\w+/=-]{6}"/g, 'TOKEN')
    .replace(/"nextCursor": "[\w-]+"/g, 'CURSOR')
    .replace(/\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?/g, 'TIME')
    .replace(/curl\/[\d.]+/g, 'CURL')
    .replace(/"(requests|signIns|failedSignIns)":\d+/g, '$1')
    .replace(/"(expiresIn|refreshExpiresIn)": \d+/g, '$1')
    .replace(/whole: .*/, 'VERDICT')
}

/** Runs a script at the project's folder, on the server's own database. */
async function run(command: string[], databaseUrl: string) {
  const child = Bun.spawn(command, {
    cwd: root,
    env: {
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      NODE_ENV: 'test',
      ...testSecrets,
      ...patience,
      DATABASE_URL: databaseUrl,
    },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, out, complaint }
}

test('runs the program by npx where there is no Bun on the PATH', async () => {
  const page = await Bun.file(join(root, 'docs/walkthrough.md')).text()
  const [definition = ''] = /^manas360\(\) .*$/m.exec(page) ?? []
  const script = `npx() { echo "npx $*"; }\n${definition}\nmanas360 audit verify`
  const child = Bun.spawn(['/bin/sh', '-c', script], { env: { PATH: '/nowhere' }, stdout: 'pipe' })
  expect(await new Response(child.stdout).text()).toBe(`npx -y bun@${Bun.version} src/main.ts audit verify\n`)
})

describe.skipIf(missing)('the walkthrough', async () => {
  const database = await createDatabase()
  const server = await startServerProcess(database.url, { PUBLIC_URL: origin })
  afterAll(async () => {
    await server.kill()
    await database.drop()
  })
  const written = await Bun.file(join(root, 'docs/walkthrough.md')).text()

  test('is what a fresh server answers today', async () => {
    const script = ['bun', '--no-env-file', 'scripts/walkthrough.ts', server.url]
    const { code, out, complaint } = await run(script, database.url)
    expect([code, complaint.replaceAll(/\d+ rows verified|[\r\n]/g, '')]).toEqual([0, ''])
    expect(shapeOf(out, server.url)).toBe(shapeOf(written, origin))
  })

  test('can be pasted as a whole, and again, with nothing copied by hand', async () => {
    const blocks = [...written.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
    const script = blocks.slice(1).join('').replace(origin, server.url).replaceAll('example.com', 'pasted.example.com')
    const { out } = await run(['sh', '-c', script], database.url)
    const statuses = (text: string) => [...text.matchAll(/^HTTP\/1.1 (\d+)/gm)].map(([, status]) => status)
    expect(statuses(out)).toEqual(statuses(written))
    expect(out).toContain('The audit trail is whole')
  })
})
