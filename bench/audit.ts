#!/usr/bin/env bun
import { join } from 'node:path'
import postgres from 'postgres'
import { openDatabase } from './database.ts'
import { productionEnvironment } from './environment.ts'
import { root, runLoad, startServer } from './processes.ts'
import { toTable } from './report.ts'
import { asBytes, createClient, type Person } from './requests.ts'
import { median } from './statistics.ts'

/**
 * The cost of the audit trail for log-ins: `bun bench/audit.ts` prints log-ins per second with and without it, in
 * rounds of two servers that take turns on one database. TEST_DATABASE_URL names a database server to use instead of an
 * embedded one.
 */
const rounds = 7
const secondsEach = 4
const peopleCount = 250

const database = await openDatabase(process.env.TEST_DATABASE_URL)
const serve = [join(root, 'src/main.ts'), 'serve']
const environment = productionEnvironment(database.url)
const on = await startServer(environment, { pin: false })
const off = await startServer(environment, {
  pin: false,
  command: [process.execPath, '--preload', join(import.meta.dir, 'without-audit.ts'), ...serve],
})
try {
  const client = createClient(on.port, environment.OPS_TOKEN)
  const people: Person[] = []
  while (people.length < peopleCount) people.push(...(await Promise.all(Array.from({ length: 10 }, client.register))))
  const connections = navigator.hardwareConcurrency * 4
  const logIns = async (port: number, seconds: number) =>
    (await runLoad({ port, connections, seconds, requests: people.map(asBytes.login) }, { pin: false })).perSecond
  await logIns(on.port, 1)
  const before = await countRows()
  await logIns(off.port, 1)
  if ((await countRows()) !== before) throw new Error('the server without an audit trail wrote to it')

  const measured: { on: number; off: number }[] = []
  for (let round = 0; round < rounds; round++) {
    // The first of a round is the second of the next.
    const first = round % 2 === 0 ? await logIns(on.port, secondsEach) : null
    const without = await logIns(off.port, secondsEach)
    measured.push({ on: first ?? (await logIns(on.port, secondsEach)), off: without })
  }
  const rows = measured.map(({ on, off }, i) => [`${i + 1}`, on.toFixed(1), off.toFixed(1), (on / off).toFixed(3)])
  const middle = (figures: number[]) => median(figures).toFixed(1)
  rows.push([
    'median',
    middle(measured.map(({ on }) => on)),
    middle(measured.map(({ off }) => off)),
    median(measured.map(({ on, off }) => on / off)).toFixed(3),
  ])
  process.stdout.write(`PostgreSQL ${database.version}, ${connections} connections, ${secondsEach} s each\n\n`)
  process.stdout.write(`${toTable(['round', 'log-ins/s with audit', 'without', 'ratio'], rows)}\n`)
} finally {
  await Promise.all([on.stop(), off.stop()])
  await database.close()
}

async function countRows(): Promise<number> {
  const sql = postgres(database.url, { max: 1, onnotice: () => {} })
  const [row] = await sql<{ rows: number }[]>`select count(*)::int as rows from audit_logs`
  await sql.end({ timeout: 5 })
  return row?.rows ?? 0
}
