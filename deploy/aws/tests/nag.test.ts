import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './synthesised.ts'

type Report = { pluginReports: { violations: { ruleName: string; description: string }[] }[] }

const entry = join(root, 'deploy/aws/src/main.ts')

async function synth(settings: unknown, imageDigest: string) {
  const folder = mkdtempSync(join(tmpdir(), 'manas360-aws-'))
  try {
    const file = join(folder, 'settings.json')
    await Bun.write(file, JSON.stringify(settings))
    const child = Bun.spawn([process.execPath, entry], {
      // What CDK validates of each template by itself is on here, and only here.
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        CDK_OUTDIR: join(folder, 'out'),
        MANAS360_SETTINGS: file,
        IMAGE_DIGEST: imageDigest,
      },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
    const report = join(folder, 'out', 'validation-report.json')
    const found: Report = (await Bun.file(report).exists())
      ? JSON.parse(readFileSync(report, 'utf8'))
      : { pluginReports: [] }
    return { code, said, violations: found.pluginReports.flatMap(({ violations }) => violations) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const settings = JSON.parse(readFileSync(join(root, 'deploy/aws/settings.example.json'), 'utf8'))

test('cdk-nag and the templates’ own validation find nothing that is not acknowledged with its reason', async () => {
  const { code, said, violations } = await synth(
    { ...settings, database: { replica: true } },
    `sha256:${'a'.repeat(64)}`,
  )
  expect(violations.map(({ ruleName, description }) => `${ruleName}: ${description}`)).toEqual([])
  expect([code, said]).toEqual([0, expect.not.stringMatching(/error/i)])
}, 120_000)

test('an image by its tag is refused', async () => {
  const { code, said } = await synth(settings, 'latest')
  expect([code, said]).toEqual([1, expect.stringContaining('sha256')])
}, 120_000)
