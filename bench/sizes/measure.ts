import { readFileSync } from 'node:fs'
import type postgres from 'postgres'
import { percentile } from '../statistics.ts'
import type { Operation } from './operations.ts'

/**
 * The cost of an operation: milliseconds in this process, and on average the pages that its statements touched, and
 * milliseconds of a core, which other load changes little, of the program and of all PostgreSQL processes.
 */
export type Cost = {
  name: string
  p50: number
  p99: number
  blocks: number
  read: number
  statements: number
  programMs: number
  databaseMs: number
}
type Server = { sql: postgres.Sql; postmaster: number }

/** Runs an operation as often as it says, one after the other. */
export async function measure({ sql, postmaster }: Server, { name, times, run }: Operation): Promise<Cost> {
  for (let i = 0; i < 5; i++) await run(i)
  await sql`select pg_stat_statements_reset()`
  const milliseconds: number[] = []
  const [program, database] = [process.cpuUsage(), coreMilliseconds(postmaster)]
  for (let i = 5; i < times + 5; i++) {
    const start = performance.now()
    await run(i)
    milliseconds.push(performance.now() - start)
  }
  const { user, system } = process.cpuUsage(program)
  const databaseMs = (coreMilliseconds(postmaster) - database) / times
  const sums = await readStatements(sql)
  return {
    name,
    p50: percentile(milliseconds, 0.5),
    p99: percentile(milliseconds, 0.99),
    blocks: sums.blocks / times,
    read: sums.read / times,
    statements: sums.calls / times,
    programMs: (user + system) / 1000 / times,
    databaseMs,
  }
}

/** Processor time of all children of the postmaster. */
function coreMilliseconds(postmaster: number): number {
  const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8').trim().split(' ')
  return children.reduce((sum, pid) => sum + Number(schedstat(pid)) / 1e6, 0)
}

function schedstat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0] ?? '0'
  } catch {
    return '0'
  }
}

type Sums = { blocks: number; read: number; calls: number }

/** The pages that all statements since the last reset touched, without scheduled ones: the feed and counted use. */
export async function readStatements(sql: postgres.Sql): Promise<Sums> {
  const [row] = await sql<Sums[]>`
    select coalesce(sum(shared_blks_hit + shared_blks_read), 0)::float8 as blocks, coalesce(sum(shared_blks_read), 0)::float8 as read,
           coalesce(sum(calls) filter (where query !~* '^\s*(begin|commit|rollback)'), 0)::float8 as calls
      from pg_stat_statements s join pg_database d on d.oid = s.dbid
     where d.datname = current_database() and toplevel
       and query !~ 'pg_current_snapshot|usage_daily as|into usage_daily|into feature_denials|typarray|pg_stat_statements|DISCARD'`
  return row ?? { blocks: 0, read: 0, calls: 0 }
}

/** Bytes of each table with its indexes, and its rows. */
export type TableSize = { name: string; rows: number; heap: number; indexes: number }

export async function tableSizes(sql: postgres.Sql): Promise<TableSize[]> {
  return sql<TableSize[]>`
    select c.relname as name, greatest(c.reltuples, 0)::float8 as rows, (pg_total_relation_size(c.oid) - pg_indexes_size(c.oid))::float8 as heap,
           pg_indexes_size(c.oid)::float8 as indexes
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'm') and c.reltuples > 0 order by pg_total_relation_size(c.oid) desc`
}
