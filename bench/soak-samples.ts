import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { Sql } from 'postgres'
import { coreSeconds } from './processes.ts'

/** The figures of one sample, taken every ten seconds. */
export type Sample = {
  /** Minutes since the traffic began. */
  minutes: number
  residentMb: number
  /** The part without pages of files. */
  anonymousMb: number
  openFiles: number
  threads: number
  coreSeconds: number
  logMb: number
  /** The server's connections to PostgreSQL. */
  connections: number
  databaseMb: number
  tables: Record<string, { kb: number; rows: number; dead: number }>
  /** Requests since the sample before: the number answered, and the 95th percentile in milliseconds. */
  answered: number
  p95: number
}

export function readProcess(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN)
  return {
    residentMb: kilobytes('VmRSS') / 1024,
    anonymousMb: kilobytes('RssAnon') / 1024,
    openFiles: readdirSync(`/proc/${pid}/fd`).length,
    threads: kilobytes('Threads'),
    coreSeconds: coreSeconds(pid),
  }
}

export const megabytesOf = (file: string): number => statSync(file).size / 1_000_000

/** @param sql a connection of another application name than the server's */
export async function readDatabase(sql: Sql): Promise<Pick<Sample, 'connections' | 'databaseMb' | 'tables'>> {
  const [whole] = await sql<{ connections: number; mb: number }[]>`
    select (select count(*)::int from pg_stat_activity where application_name like 'manas360%' and datname = current_database()) as connections,
           pg_database_size(current_database()) / 1e6::float8 as mb`
  const rows = await sql<{ name: string; kb: number; rows: number; dead: number }[]>`
    select relname as name, (pg_total_relation_size(relid) / 1000)::int as kb, n_live_tup::int as rows, n_dead_tup::int as dead
      from pg_stat_user_tables where schemaname = 'public' order by relname`
  return {
    connections: whole?.connections ?? Number.NaN,
    databaseMb: whole?.mb ?? Number.NaN,
    tables: Object.fromEntries(rows.map(({ name, ...sizes }) => [name, sizes])),
  }
}

/** Least squares: the growth of `y` for one of `x`, and its standard error. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): { slope: number; error: number } {
  const n = points.length
  const [meanX, meanY] = [0, 1].map((at) => points.reduce((sum, point) => sum + (point[at] ?? 0), 0) / n) as [
    number,
    number,
  ]
  let xx = 0
  let xy = 0
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2
    xy += (x - meanX) * (y - meanY)
  }
  const slope = xy / xx
  const left = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
  return { slope, error: Math.sqrt(left / Math.max(1, n - 2) / xx) }
}
