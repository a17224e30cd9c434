import { expect, test } from 'bun:test'
import { join } from 'node:path'
import manifest from '../package.json'

const root = join(import.meta.dir, '..')
const ours = Object.entries(manifest.scripts)
  .map(([name, command]) => ({ name, script: /bun ((?:scripts|bench)\/[\w-]+\.ts)$/.exec(command)?.[1] }))
  .filter(({ name, script }) => script !== undefined && name !== 'check')

test('every command of the project tells with --help how it is used, and does nothing', async () => {
  expect(ours.length).toBeGreaterThan(10)
  const told = await Promise.all(
    [...ours.map(({ script }) => script ?? ''), 'scripts/compose-secrets.ts'].map(async (script) => {
      const child = Bun.spawn([process.execPath, '--no-env-file', script, '--help'], {
        cwd: root,
        stdout: 'pipe',
        stderr: 'pipe',
      })
      const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
      return { script, code: await child.exited, err, tells: /\bbun (run|scripts)\b/.test(out) }
    }),
  )
  expect(told.filter(({ code, err, tells }) => code !== 0 || err !== '' || !tells)).toEqual([])
})

test.each([
  ['an option that no command knows', 'scripts/sbom.ts', '--no-such-option', /no-such-option[\s\S]*bun run sbom/],
  ['a filter that no test file has in its name', 'scripts/test.ts', 'no-such-file', /no-such-file[\s\S]*bun run test/],
])('%s is refused with the usage', async (_, script, word, told) => {
  const child = Bun.spawn([process.execPath, '--no-env-file', script, word], {
    cwd: root,
    stdout: 'ignore',
    stderr: 'pipe',
  })
  expect(await new Response(child.stderr).text()).toMatch(told)
  expect(await child.exited).toBe(64)
})
