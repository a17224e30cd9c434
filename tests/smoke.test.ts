import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { patience, testSecrets } from './support/app.ts'
import { createDatabase } from './support/cluster.ts'
import { startServerProcess } from './support/server-process.ts'

const database = await createDatabase()
afterAll(() => database.drop())
const server = await startServerProcess(database.url, { REQUIRE_ADMIN_MFA: 'true' })
afterAll(() => server.kill())

async function smoke(args: string[]): Promise<{ code: number; out: string }> {
  const child = Bun.spawn([process.execPath, '--no-env-file', join(import.meta.dir, '../scripts/smoke.ts'), ...args], {
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'test', ...testSecrets, ...patience, DATABASE_URL: database.url },
    stdout: 'pipe',
    stderr: 'ignore',
  })
  return { out: await new Response(child.stdout).text(), code: await child.exited }
}

const told = (out: string) =>
  [...out.matchAll(/^([✓✗–]) (.*?) {2}/gm)].map(([, mark, name]) => `${mark} ${name?.trim()}`)

test('the story holds, from registering to a verified trail, and again on the same instance', async () => {
  const first = await smoke([server.url])
  expect(first.code).toBe(0)
  expect(told(first.out).filter((line) => !line.startsWith('✓'))).toEqual([])
  expect(first.out).toContain('All 91 steps held')
  expect(told(first.out)).toContain('✓ Pay')
  expect(first.out).toContain('The audit trail is whole')
  expect(first.out).toContain('stays, with a random password')
  const second = await smoke([server.url])
  expect([second.code, told(second.out)]).toEqual([0, told(first.out)])
  expect(second.out).not.toContain('is left')
})

test('a step that does not hold is named, and the code says so', async () => {
  const failing = await smoke([server.url, '--program', 'false'])
  expect([failing.code, told(failing.out).at(-1)]).toEqual([1, '✗ Make a superadmin'])
  const elsewhere = await smoke([server.url, '--program', "echo 'Superadmin elsewhere is ready.' #"])
  expect([elsewhere.code, told(elsewhere.out).at(-1)]).toEqual([1, '✗ The superadmin logs in'])
  expect(elsewhere.out).toContain("must lead to the instance's own")
  const nobody = await smoke(['http://127.0.0.1:1'])
  expect([nobody.code, told(nobody.out)]).toEqual([1, ['✗ Register']])
})

test('without a database that is named or runs already, none is started: administration is left out; payment without the sandbox', async () => {
  const unpaid = await startServerProcess(database.url, { BILLING_PROVIDERS: 'manual' })
  afterAll(() => unpaid.kill())
  const child = Bun.spawn(
    [process.execPath, '--no-env-file', join(import.meta.dir, '../scripts/smoke.ts'), unpaid.url],
    {
      env: { PATH: process.env.PATH ?? '', NODE_ENV: 'test', ...testSecrets, ...patience },
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  expect([await child.exited, err]).toEqual([0, ''])
  expect(out).toContain('administration is left out')
  expect(out).toContain('payment is left out')
  expect(told(out)).not.toContain('✓ Pay')
})

test('called wrongly it says how', async () => {
  for (const args of [[], ['localhost'], ['--nope'], [server.url, 'more']]) expect((await smoke(args)).code).toBe(64)
})
