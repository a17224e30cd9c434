import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const suite = join(import.meta.dir, '../../bench/suite.ts')

/** As a person calls it, on the tests' PostgreSQL. */
async function run(...options: string[]) {
  const plots = mkdtempSync(join(tmpdir(), 'manas360-plots-'))
  const child = Bun.spawn([process.execPath, '--no-env-file', suite, ...options, '--plots', plots], {
    env: { PATH: process.env.PATH ?? '', TEST_DATABASE_URL: process.env.TEST_DATABASE_URL ?? '' },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { out, err, code, drew: (name: string) => existsSync(join(plots, name)) }
}

// How fast anything was is not looked at: other tests share the machine.
test.each([
  [
    'users who arrive and stay',
    ['users', '--users', '20', '--arrive', '1', '--stay', '2', '--rate', '20'],
    /\| gated GET +\| \d+/,
    ['users-latency.svg', 'users-rate.svg'],
  ],
  [
    'ours beside a bare route',
    ['beside', '--seconds', '0.5', '--most', '50', '--without-peers'],
    /\| ours +\|/,
    ['beside.svg'],
  ],
  [
    'a soak',
    ['soak', '--minutes', '0.05', '--rate', '10'],
    /\| requests answered; failed +\| \d+; \d+/,
    ['soak-memory.svg', 'soak-held.svg', 'soak-growth.svg'],
  ],
] as const)(
  'bench:load measures %s, in small',
  async (_, options, row, plots) => {
    const { out, err, code, drew } = await run(...options)
    expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(row)
    expect(plots.filter((name) => !drew(name))).toEqual([])
  },
  120_000,
)

test('bench:load tells its forms, and refuses a form or a number that is none', async () => {
  const told = await run('--help')
  expect([told.code, told.out.includes('users'), told.out.includes('soak')]).toEqual([0, true, true])
  expect((await run('everything')).code).toBe(64)
  const refused = await run('soak', '--minutes', 'long')
  expect([refused.code, refused.err.includes('--minutes must be a number above 0')]).toEqual([1, true])
})
