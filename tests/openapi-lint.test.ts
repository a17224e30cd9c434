import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bodyOf, openTestApp } from './support/app.ts'
import { describeWithRegistry } from './support/tools.ts'

type Lint = {
  totals: { errors: number; warnings: number }
  problems: { ruleId: string; message: string; ignored?: boolean }[]
}

/** Signing in by another provider is two redirects, which have no other success. */
const redirects = ['start', 'callback'].map((name) => `#/paths/~1v1~1auth~1oidc~1{provider}~1${name}/get/responses`)
const ignored = `openapi.json:
  operation-2xx-response:
${redirects.map((pointer) => `    - '${pointer}'`).join('\n')}
`

describeWithRegistry("Redocly's linter of OpenAPI documents", () => {
  test('finds nothing', async () => {
    const { request } = await openTestApp({ PUBLIC_URL: 'https://api.manas360.com' })
    const folder = await mkdtemp(join(tmpdir(), 'manas360-lint-'))
    try {
      await Bun.write(join(folder, 'openapi.json'), JSON.stringify(await bodyOf(await request('/openapi.json'))))
      await Bun.write(join(folder, '.redocly.lint-ignore.yaml'), ignored)
      const command = ['npx', '-y', '@redocly/cli@2.77.0', 'lint', 'openapi.json', '--format=json']
      const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
      const linter = Bun.spawn(command, { cwd: folder, env, stdout: 'pipe', stderr: 'pipe' })
      const [out, told] = await Promise.all([new Response(linter.stdout).text(), new Response(linter.stderr).text()])
      if (!out.includes('{')) throw new Error(told)
      const { totals, problems } = JSON.parse(out.slice(out.indexOf('{'))) as Lint
      expect(
        problems.filter((problem) => !problem.ignored).map(({ ruleId, message }) => `${ruleId}: ${message}`),
      ).toEqual([])
      expect(totals).toMatchObject({ errors: 0, warnings: 0 })
      expect(await linter.exited).toBe(0)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
