import { createHash } from 'node:crypto'
import type postgres from 'postgres'
import { events, people, trail } from './rows.ts'
import { sealAll } from './seal.ts'

/** Accounts of one transaction. */
const batchSize = 100_000

/** Tables whose secondary indexes are dropped during the filling, and built afterwards. */
const bulky = [
  'user_accounts',
  'user_subscriptions',
  'sessions',
  'login_attempts',
  'usage_daily',
  'payments',
  'mail_outbox',
  'audit_logs',
  'audit_personal',
  'audit_subjects',
]

type Filling = { auditKey: string; passwordHash: string; accounts: number }

/**
 * Fills a database up to so many accounts with their history, by SQL alone (bench/sizes/rows.ts has the numbers).
 * Triggers and foreign keys are off meanwhile: the rows are made consistent. The audit trail is signed and sealed, and
 * verifies. Needs a superuser and PostgreSQL 18.
 */
export async function fillTo(sql: postgres.Sql, { auditKey, passwordHash, accounts }: Filling): Promise<void> {
  await sql`create schema if not exists bench`
  await sql`create extension if not exists pgcrypto schema bench`
  // A table, not a count of the accounts: the measurements erase some.
  await sql`create table if not exists bench.filled (accounts integer not null)`
  const [row] = await sql<{ there: number }[]>`select coalesce(max(accounts), 0)::int as there from bench.filled`
  const there = row?.there ?? 0
  if (there >= accounts) return
  const indexes = accounts - there > 20_000 ? await dropIndexes(sql) : []
  const keyId = createHash('sha256').update(auditKey).digest('hex').slice(0, 8)
  for (let first = there; first < accounts; first += batchSize) {
    const last = Math.min(accounts, first + batchSize) - 1
    await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`
      await people(tx, { first, last, passwordHash })
      await events(tx)
      await trail(tx, { auditKey, keyId })
      await tx`insert into bench.filled (accounts) values (${last + 1})`
    })
    process.stderr.write(`\r${(last + 1).toLocaleString('en')} accounts `)
  }
  await sealAll(sql, { auditKey, keyId })
  process.stderr.write('indexes … ')
  await sql`set maintenance_work_mem = '512MB'`
  for (const definition of indexes) await sql.unsafe(definition)
  process.stderr.write('statistics\n')
  await sql`vacuum analyze`
  await sql`select recount_sums()`
  await sql`select refresh_views()`
  await sql`select finish_job('refresh-views', clock_timestamp(), 'succeeded', '')`
  await sql`vacuum analyze`
  await sql`checkpoint`
}

async function dropIndexes(sql: postgres.Sql): Promise<string[]> {
  const found = await sql<{ name: string; definition: string }[]>`
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
      from pg_index i left join pg_constraint c on c.conindid = i.indexrelid
     where i.indrelid = any (${bulky}::regclass[]) and c.oid is null`
  for (const { name } of found) await sql.unsafe(`drop index ${name}`)
  return found.map(({ definition }) => definition)
}
