#!/usr/bin/env bun
/**
 * Writes the rules of the objectives and the dashboard into deploy/observability; `--check` exits 1 where a file there
 * differs.
 */
import { join } from 'node:path'
import { dashboard } from './dashboard.ts'
import { sloRules } from './slo-rules.ts'

const directory = join(import.meta.dir, '../../deploy/observability')
const files = {
  'slo.yml': sloRules(),
  'dashboards/manas360.json': `${JSON.stringify(dashboard(), null, 2)}\n`,
}
for (const [name, text] of Object.entries(files)) {
  const path = join(directory, name)
  if (!process.argv.includes('--check')) await Bun.write(path, text)
  else if (
    (await Bun.file(path)
      .text()
      .catch(() => '')) !== text
  ) {
    process.stderr.write(`${path} is not what scripts/observability makes: run bun scripts/observability/write.ts\n`)
    process.exitCode = 1
  }
}
