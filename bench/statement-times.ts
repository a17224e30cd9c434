import postgres from 'postgres'
import type { Effort } from './chain-costs.ts'
import { runLoad } from './processes.ts'
import type { Figure } from './report.ts'
import { asBytes, type Client, type Person } from './requests.ts'

/** The settings of a server that collects the statistics. */
export const statementStatistics = { shared_preload_libraries: 'pg_stat_statements' }

const goalMicros = 100
/** A part of each statement's text that no other statement has. */
const kinds: [string, string][] = [
  ['refresh', 'with session as (%update tokens t set%'],
  ["log-in's session", 'with%insert into sessions%insert into login_attempts%'],
  ["log-in's reservation", 'with account as (%insert into lockouts%'],
  ['GET /v1/me', 'select%from user_accounts a where a.id = $1%'],
]

type Setting = { url: string; port: number; client: Client; people: Person[]; effort: Effort }

/**
 * The mean time of a statement within PostgreSQL, by its own statistics, without parsing and without the commit: first
 * of a single client, then of eight at once. No figure where the server has no pg_stat_statements.
 */
export async function measureStatementTimes({ url, port, client, people, effort }: Setting): Promise<Figure[]> {
  const [seconds, times] = [effort.rates, effort.rates * 250]
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    const [server] = await sql`select current_setting('shared_preload_libraries') like '%pg_stat_statements%' as tells`
    if (!server?.tells) return []
    await sql`create extension if not exists pg_stat_statements`
    const [first, ...others] = people
    if (!first) return []
    const alone = await timesOf(sql, async () => {
      let current = await client.login(first)
      const me = { port, connections: 1, requests: [asBytes.get('/v1/me', current)] }
      await runLoad({ ...me, seconds: seconds / 2 }, { pin: false })
      for (let i = 0; i < times; i++) current = await client.refresh(current)
      for (let i = 0; i < times; i++) await client.login(people[i % people.length] ?? first)
    })
    const signedIn = await Promise.all(others.slice(0, 8).map(client.login))
    const loaded = await timesOf(sql, async () => {
      const many = { port, connections: 8, seconds }
      await runLoad({ ...many, requests: signedIn.map(asBytes.refresh), rotating: true }, { pin: false })
      await runLoad({ ...many, requests: people.map(asBytes.login) }, { pin: false })
      await runLoad({ ...many, requests: signedIn.map((person) => asBytes.get('/v1/me', person)) }, { pin: false })
    })
    return kinds.map(([name]) => ({
      what: `statement in PostgreSQL: ${name}, one client; eight at once`,
      figure: `${show(alone.get(name))}; ${show(loaded.get(name))} µs`,
      goal: name.endsWith('reservation') ? '' : `≤ ${goalMicros} µs`,
      met: name.endsWith('reservation') ? null : (alone.get(name) ?? Number.NaN) <= goalMicros,
    }))
  } finally {
    await sql.end({ timeout: 5 })
  }
}

const show = (micros: number | undefined) => micros?.toFixed(0) ?? 'unknown'

/** The mean microseconds of each kind during `work`. */
async function timesOf(sql: postgres.Sql, work: () => Promise<void>): Promise<Map<string, number>> {
  await sql`select pg_stat_statements_reset()`
  await work()
  const found = new Map<string, number>()
  for (const [name, pattern] of kinds) {
    const [row] = await sql<{ micros: number | null }[]>`
      select 1000 * sum(total_exec_time) / nullif(sum(calls), 0) as micros from pg_stat_statements
       where dbid = (select oid from pg_database where datname = current_database()) and query like ${pattern}`
    if (row?.micros) found.set(name, row.micros)
  }
  return found
}
