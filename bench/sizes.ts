#!/usr/bin/env bun
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { migrate } from '../src/db/migrate.ts'
import { openEmbeddedPostgres } from '../src/embedded-postgres/open.ts'
import { productionEnvironment } from './environment.ts'
import { provenance } from './provenance.ts'
import { toTable } from './report.ts'
import { fillTo } from './sizes/fill.ts'
import { measureJobs } from './sizes/jobs.ts'
import { measure, tableSizes } from './sizes/measure.ts'
import { operationsOf } from './sizes/operations.ts'
import { type Figures, tablesOf } from './sizes/report.ts'
import { hashCheaply, openService } from './sizes/service.ts'

const usage = `What requests and jobs cost among few accounts and among many: bun run bench:load sizes [options]

  --sizes LIST      numbers of accounts, growing (default 1000,10000,100000,1000000; a million takes some 10 minutes and 12 GB of disk)
  --directory DIR   where the data goes; what is there is kept and measured again without being made anew (default: temporary)
  --no-jobs         leaves the jobs out, which delete what is due
  --json FILE       writes the figures there as well
  --tables FILES    prints the tables of such files (by commas), and measures nothing
  --help            this text

One embedded PostgreSQL with 1 GB of shared buffers, filled by SQL with accounts and their past (bench/sizes/rows.ts), and the
whole service in this process.`

const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== 'sizes'),
  options: {
    sizes: { type: 'string', default: '1000,10000,100000,1000000' },
    directory: { type: 'string' },
    'no-jobs': { type: 'boolean', default: false },
    json: { type: 'string' },
    tables: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
/** The largest size at which the trail is verified; more would take minutes. */
const verifiedUpTo = 100_000
const measured = {
  shared_buffers: '1GB',
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  max_wal_size: '4GB',
  autovacuum: 'on',
}
const filling = {
  ...measured,
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_wal_size: '8GB',
  autovacuum: 'off',
}

const sizes = options.sizes.split(',').map(Number)
if (options.help || sizes.some((size) => !Number.isSafeInteger(size) || size < 1000)) print(usage)
else if (options.tables) await printTables(options.tables.split(','))
else await main()

async function main(): Promise<void> {
  const directory = options.directory ?? join(tmpdir(), `manas360-sizes-${crypto.randomUUID().slice(0, 8)}`)
  mkdirSync(directory, { recursive: true })
  const figures: Figures = { machine: '', sizes: [] }
  try {
    // Each directory has its own secrets for all runs: the trail is signed.
    const secrets = join(directory, 'secrets.json')
    const environment: ReturnType<typeof productionEnvironment> = existsSync(secrets)
      ? await Bun.file(secrets).json()
      : productionEnvironment('')
    await Bun.write(secrets, JSON.stringify(environment))
    for (const size of sizes) figures.sizes.push(await measureSize(directory, environment, size))
    figures.machine = `${provenance('bun run bench:load sizes')}, PostgreSQL 18, load average ${loadavg()[0]?.toFixed(1)}`
    if (options.json) await Bun.write(options.json, JSON.stringify(figures, null, 1))
    tell(figures)
  } finally {
    if (!options.directory) rmSync(directory, { recursive: true, force: true })
  }
}

/** The figures of several runs: a database of a million accounts is kept, and measured by itself. */
async function printTables(files: string[]): Promise<void> {
  const runs: Figures[] = []
  for (const file of files) runs.push(await Bun.file(file).json())
  tell({ machine: runs.map(({ machine }) => machine).join('; '), sizes: runs.flatMap((run) => run.sizes) })
}

function tell(figures: Figures): void {
  print(figures.machine)
  for (const [title, head, rows] of tablesOf(figures)) print(`\n${title}\n\n${toTable(head, rows)}`)
}

async function measureSize(directory: string, environment: ReturnType<typeof productionEnvironment>, accounts: number) {
  const dataDir = join(directory, 'postgres')
  const filled = await onServer(dataDir, filling, async (url, sql) => {
    await migrate({ url })
    const startedAt = performance.now()
    await fillTo(sql, { auditKey: environment.AUDIT_KEY, passwordHash: await hashCheaply(), accounts })
    return (performance.now() - startedAt) / 1000
  })
  return onServer(dataDir, measured, async (url, sql) => {
    await sql`create extension if not exists pg_stat_statements`
    const service = await openService({ ...environment, DATABASE_URL: url })
    try {
      const tables = await tableSizes(sql)
      const costs = []
      const postmaster = Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0])
      for (const operation of await operationsOf(service, sql, accounts)) {
        process.stderr.write(`\r${accounts.toLocaleString('en')}: ${operation.name.padEnd(50)}`)
        costs.push(await measure({ sql, postmaster }, operation))
      }
      const jobs = options['no-jobs'] ? [] : await measureJobs(service, sql, accounts <= verifiedUpTo)
      process.stderr.write('\n')
      return { accounts, filledInSeconds: filled, costs, jobs, tables }
    } finally {
      await service.close()
    }
  })
}

async function onServer<T>(
  dataDir: string,
  settings: Record<string, string>,
  work: (url: string, sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const server = await openEmbeddedPostgres({ dataDir, settings })
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  try {
    return await work(server.url, sql)
  } finally {
    await sql.end({ timeout: 5 })
    await server.stop()
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
