#!/usr/bin/env bun
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { type BenchDatabase, openDatabase } from './database.ts'
import { productionEnvironment } from './environment.ts'
import { known, writeImportFile } from './import-file.ts'
import { root, startServer } from './processes.ts'

const usage = `Imports made-up accounts with bcrypt hashes, as \`manas360 import\` does it: bun bench/import.ts [options]

  --accounts N   how many (default 100,000)
  --keep FILE    write the file there and keep it; nothing is imported
  --help         this text

Tells the time and the memory of a whole import, of a second run over the same file, of one that is killed (SIGKILL) when half is in, and
of the run after it; then three of the people log in, whose hashes are of bcrypt as Node, PHP and a 100-character password make them.`

/** Each database keeps its secrets, because the trail is signed with one. */
const environments = new Map<string, ReturnType<typeof productionEnvironment>>()

const { values: options } = parseArgs({
  options: {
    accounts: { type: 'string', default: '100000' },
    keep: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
const accounts = Number(options.accounts)
if (options.help || !Number.isSafeInteger(accounts) || accounts < known.length) print(usage)
else if (options.keep !== undefined) await writeImportFile(options.keep, accounts)
else await main()

async function main(): Promise<void> {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'manas360-import-'))
  const file = join(directory, 'accounts.ndjson')
  try {
    await writeImportFile(file, accounts)
    print(`${accounts.toLocaleString('en')} accounts, ${(Bun.file(file).size / 2 ** 20).toFixed(1)} MiB`)
    await onDatabase(async (database) => {
      print(describe('a whole import', await runImport(database, file)))
      print(describe('a second run', await runImport(database, file)))
      await checkLogIns(database)
    })
    await onDatabase(async (database) => {
      const killed = await runImport(database, file, accounts / 2)
      print(`${describe('one that is killed', killed)}; ${await count(database)} accounts are in`)
      print(describe('the run after it', await runImport(database, file)))
      print(`${await count(database)} accounts are in, ${await countUneven(database)} of them not whole`)
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function onDatabase(work: (database: BenchDatabase) => Promise<void>): Promise<void> {
  const database = await openDatabase(process.env.TEST_DATABASE_URL)
  try {
    await work(database)
  } finally {
    await database.close()
  }
}

type Run = { code: number | null; seconds: number; megabytes: number; out: string }

/** @param killAt kills it by SIGKILL once so many accounts are imported */
async function runImport(database: BenchDatabase, file: string, killAt?: number): Promise<Run> {
  const startedAt = performance.now()
  const child = Bun.spawn([process.execPath, join(root, 'src/main.ts'), 'import', file], {
    env: { ...environmentOf(database), PATH: process.env.PATH ?? '' },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  while (killAt !== undefined && child.exitCode === null && !child.killed) {
    if ((await count(database)) >= killAt) child.kill('SIGKILL')
    await Bun.sleep(50)
  }
  const out = await new Response(child.stdout).text()
  await child.exited
  const megabytes = (child.resourceUsage()?.maxRSS ?? Number.NaN) / 2 ** 20
  return { code: child.exitCode, seconds: (performance.now() - startedAt) / 1000, megabytes, out: out.trim() }
}

function describe(what: string, { code, seconds, megabytes, out }: Run): string {
  const said = out === '' ? '' : `\n    ${out.replaceAll('\n', '\n    ')}`
  return `${what}: ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MiB at the most, exit ${code ?? 'by signal'}${said}`
}

function environmentOf({ url }: BenchDatabase) {
  const environment = environments.get(url) ?? productionEnvironment(url)
  environments.set(url, environment)
  return environment
}

async function count(database: BenchDatabase): Promise<number> {
  const [row] = await ask<{ n: number }>(database, 'select count(*)::int as n from user_accounts')
  return row?.n ?? 0
}

/** Accounts without exactly one subscription and one audit row. */
async function countUneven(database: BenchDatabase): Promise<number> {
  const [row] = await ask<{ n: number }>(
    database,
    `select count(*)::int as n from user_accounts a
      where (select count(*) from user_subscriptions s where s.account_id = a.id) <> 1
         or (select count(*) from audit_logs l where l.entity_type = 'account' and l.entity_id = a.id::text) <> 1`,
  )
  return row?.n ?? 0
}

async function checkLogIns(database: BenchDatabase): Promise<void> {
  const server = await startServer(environmentOf(database), { pin: false })
  try {
    for (const { email, password, kind } of known) {
      const answers: number[] = []
      for (const attempt of [`?${password}`, password, password]) answers.push(await logIn(server.port, email, attempt))
      const [row] = await ask<{ hash: string }>(
        database,
        `select left(password_hash, 9) as hash from user_accounts where email = '${email}'`,
      )
      print(`log-in, ${kind}: wrong ${answers[0]}, right ${answers[1]}, again ${answers[2]}; stored now: ${row?.hash}`)
    }
  } finally {
    await server.stop()
  }
}

async function logIn(port: number, email: string, password: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  return response.status
}

async function ask<T>({ url }: BenchDatabase, text: string): Promise<T[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return (await sql.unsafe(text)) as unknown as T[]
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
