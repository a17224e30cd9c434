#!/usr/bin/env bun
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { migrate } from '../src/db/migrate.ts'
import { openEmbeddedPostgres } from '../src/embedded-postgres/open.ts'
import type { Guard } from './guards/guard.ts'
import { guards } from './guards/list.ts'
import { openScratch } from './guards/scratch.ts'
import { readOptions } from './options.ts'

const usage = `Takes each guard of scripts/guards away, one at a time, in a copy of the project, and runs the tests that must
notice: bun run mutate [-- options] [part of a name …]

  --from N       begins with the Nth
  --table FILE   writes who noticed, as Markdown
  --help         this text

Prints who survives. The exit code is 1 when a guard does.`

const { values, positionals } = readOptions(usage, {
  allowPositionals: true,
  options: { table: { type: 'string' }, from: { type: 'string', default: '1' } },
})
const directory = join(tmpdir(), `manas360-guards-${process.pid}`)
process.exitCode = await main()

async function main(): Promise<number> {
  const chosen = guards
    .slice(Number(values.from) - 1)
    .filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)))
  const server = await openEmbeddedPostgres({
    dataDir: join(directory, 'postgres'),
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
  })
  const scratch = openScratch(join(directory, 'project'))
  try {
    await makeTemplate(server.url)
    const files = [...new Set(chosen.flatMap(({ tests }) => tests))]
    const already = new Set((await scratch.run(files)).failed)
    say(
      `${chosen.length} guards; of their ${files.length} test files ${already.size} tests fail as they are, and notice nothing`,
    )
    const survived: Guard[] = []
    const rows: string[] = []
    for (const [i, guard] of chosen.entries()) {
      const failed = (await scratch.without(guard)).failed.filter((title) => !already.has(title))
      if (failed.length === 0) survived.push(guard)
      say(`${i + 1}/${chosen.length} ${failed.length === 0 ? 'SURVIVED' : `${failed.length} failed`}: ${guard.name}`)
      rows.push(
        `| ${guard.name} | \`${guard.file}\` | ${failed.length} | ${(failed[0] ?? '**none**').replaceAll('|', '\\|')} |`,
      )
    }
    if (values.table)
      writeFileSync(
        values.table,
        `| guard | file | tests that fail | the first of them |\n|---|---|---|---|\n${rows.join('\n')}\n`,
      )
    say(
      `${chosen.length - survived.length} of ${chosen.length} noticed${survived.map(({ name }) => `\n  survived: ${name}`).join('')}`,
    )
    return survived.length === 0 ? 0 : 1
  } finally {
    await server.stop()
    scratch.remove()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Makes the database that every test file copies, as scripts/test.ts does. */
async function makeTemplate(url: string): Promise<void> {
  const name = `app_template_${process.pid}_guards`
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql`create database ${sql(name)}`
  const database = new URL(url)
  database.pathname = `/${name}`
  await migrate({ url: database.href })
  await sql`alter database ${sql(name)} with allow_connections false`
  await sql.end({ timeout: 5 })
  process.env.TEST_DATABASE_URL = url
  process.env.TEST_TEMPLATE = name
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
