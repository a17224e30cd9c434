import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { givenAccount } from './support/accounts.ts'
import { openTestApp } from './support/app.ts'

const missing = Bun.which('curl') === null && process.env.CI === undefined
if (missing) process.stderr.write('SKIPPED: the page on adding a feature needs curl\n')

const app = await openTestApp()
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request, handle) => app.app.fetch(request, { server: handle }),
})
afterAll(() => server.stop(true))

test.skipIf(missing)('the commands of the page on adding a feature work as they stand', async () => {
  const admin = await givenAccount(app, { role: 'superadmin' })
  await givenAccount(app, { email: `asha.${crypto.randomUUID()}@example.com` })
  const page = await Bun.file(join(import.meta.dir, '../docs/adding-a-feature.md')).text()
  const script = [...page.matchAll(/^```sh\n(.*?)^```$/gms)]
    .map(([, block = '']) => block)
    .join('echo\n')
    .replace('http://localhost:3000', server.url.origin)
    .replace('you@example.org', admin.email)
    .replace("PASSWORD='…'", `PASSWORD='${admin.password}'`)
  const shell = Bun.spawn(['sh', '-eu', '-c', script], { stdout: 'pipe', stderr: 'pipe' })
  const [out, complaint] = await Promise.all([new Response(shell.stdout).text(), new Response(shell.stderr).text()])
  expect([await shell.exited, complaint]).toEqual([0, ''])
  expect(out).not.toContain('"status":4')
  const feature = await app.request('/v1/features/mood_diary')
  expect(feature.status).toBe(200)
  const [row] = await app.sql<{ plans: number; overrides: number }[]>`
    select (select count(*)::int from plan_features where feature = 'mood_diary') as plans,
           (select count(*)::int from account_features where feature = 'mood_diary') as overrides`
  expect(row).toEqual({ plans: 2, overrides: 1 })
})
