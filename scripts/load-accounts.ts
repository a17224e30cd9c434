#!/usr/bin/env bun
import { join } from 'node:path'
import { session } from '../src/audit/actor.ts'
import { type Audit, createAudit } from '../src/audit/record.ts'
import { createPasswordHasher } from '../src/auth/passwords.ts'
import { migrateSchema, prepare } from '../src/cli/environment.ts'
import { openDatabase } from '../src/db/database.ts'
import type { Sql, Tx } from '../src/db/types.ts'
import type { Config } from '../src/room-config.ts'

const password = 'correct horse battery staple'
const usage = `Fills a database with made-up accounts, to see how administration behaves among many:
  bun scripts/load-accounts.ts N      N accounts (1–10,000,000) with subscriptions, sessions, log-in attempts and audit rows

Writes to DATABASE_URL, else to the development server's own PostgreSQL, and adds to what is there.
Everybody's password is "${password}". Refuses to run with NODE_ENV=production.`

const batchSize = 5_000
const attemptsEach = 3
const dayMs = 86_400_000
const firstNames = ['Asha', 'Ravi', 'Meera', 'Arjun', 'Zoë', 'Liam', 'Noor', 'Chidi', 'Ingrid', 'Mateo', 'Yuki', 'Oona']
const lastNames = ['Iyer', 'Kapoor', "O'Brien", 'Nguyễn', 'García', 'Okafor', 'Lindqvist', 'Haddad', 'Silva', 'Novák']

/**
 * Adds `count` accounts, spread over the last two years, in batches of one transaction each. Rows are made in the
 * database, by a few statements per batch; only audit rows are made here, because they are signed.
 * @param onProgress called with the number of accounts so far
 */
export async function loadAccounts(
  sql: Sql,
  auditKey: string,
  count: number,
  onProgress: (done: number) => void = () => {},
): Promise<void> {
  const passwordHash = await createPasswordHasher({ concurrency: 1, queueLimit: 1 }).hash(password)
  const run = Date.now().toString(36)
  for (let done = 0; done < count; ) {
    const size = Math.min(batchSize, count - done)
    await sql.begin((tx) => loadBatch(tx, auditKey, { run, first: done, size, passwordHash }))
    done += size
    onProgress(done)
  }
}

type Batch = { run: string; first: number; size: number; passwordHash: string }

async function loadBatch(tx: Tx, auditKey: string, { run, first, size, passwordHash }: Batch): Promise<void> {
  await tx`
    create temp table batch on commit drop as
    select n, uuid_v7(at) as id, at, locked, case when dice >= 0.8 then clock_timestamp() + random() * interval '300 days' end as ends_at,
           case when dice < 0.8 then 'free' when dice < 0.9 then 'starter' when dice < 0.97 then 'professional' when dice < 0.99 then 'business'
                else 'enterprise' end as plan
      from (select n, random() as dice, random() < 0.002 as locked, clock_timestamp() - random() * interval '730 days' as at
              from generate_series(${first}::int, ${first + size - 1}::int) n) thrown`
  await tx`
    insert into user_accounts (id, email, password_hash, first_name, last_name, role, status, locked_reason, created_at, last_login_at, plan, plan_ends_at)
    select id, 'load-' || ${run}::text || '-' || n || '@example.test', ${passwordHash}, (${firstNames}::text[])[1 + n % ${firstNames.length}],
           (${lastNames}::text[])[1 + n / 7 % ${lastNames.length}],
           case when n % 5000 = 4999 then 'admin' when plan = 'free' then 'user' else 'subscriber' end,
           case when locked then 'locked' else 'active' end, case when locked then 'loaded as locked' end,
           at, case when random() < 0.9 then least(at + random() * interval '100 days', clock_timestamp()) end, plan, ends_at
      from batch`
  await tx`
    insert into user_subscriptions (id, account_id, plan, status, billing_interval, started_at, current_period_end)
    select uuid_v7(at), id, plan, case when plan = 'free' then 'active' when n % 40 = 1 then 'trialing' when n % 40 = 2 then 'cancelled' else 'active' end,
           case when plan = 'free' then null when n % 3 = 0 then 'year' else 'month' end, at, ends_at
      from batch`
  await tx`
    insert into user_subscriptions (id, account_id, plan, status, billing_interval, started_at, current_period_end, ended_at)
    select uuid_v7(at - interval '30 days'), id, 'starter', 'expired', 'month', at - interval '30 days', at, at from batch where n % 5 = 0`
  await tx`
    insert into sessions (id, account_id, created_at, last_used_at, expires_at, ip_address, user_agent)
    select uuid_v7(), id, clock_timestamp(), clock_timestamp(), clock_timestamp() + interval '30 days', '198.51.100.' || n % 256, 'MANAS360/4.2 (load)'
      from batch`
  await tx`
    insert into login_attempts (id, at, account_id, outcome, ip_address)
    select uuid_v7(moment), moment, id, case when (n + i) % 12 = 0 then 'failed' else 'succeeded' end, '203.0.113.' || (n * 7 + i) % 256
      from batch cross join generate_series(1, ${attemptsEach}::int) i
     cross join lateral (select clock_timestamp() - random() * interval '89 days' + n * i * interval '0' as moment) chosen`
  await insertAudit(tx, auditKey, await tx<{ id: string }[]>`select id from batch`)
}

/** A log-in of each account, signed as the server signs it, so that the trail still verifies. */
async function insertAudit(tx: Tx, key: string, accounts: { id: string }[]): Promise<void> {
  let moment = 0
  const audit: Audit = createAudit([key], () => moment)
  const rows = accounts.map(({ id }, n) => {
    moment = Date.now() - Math.random() * 300 * dayMs
    const origin = { ip: `198.51.100.${n % 256}`, userAgent: 'MANAS360/4.2 (load)', requestId: id }
    return audit.row({ principal: { accountId: id }, origin }, 'session.create', session(id))
  })
  const column = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name])
  await tx`
    with audit as (
      insert into audit_logs (id, at, actor_id, action, entity_type, entity_id, request_id, details, personal_hash, key_id, mac)
      select id, at::timestamptz, actor_id, 'session.create', 'session', actor_id::text, request_id, details::json, decode(hash, 'hex'), ${audit.keyId}, decode(mac, 'hex')
        from unnest(${column('id')}::uuid[], ${rows.map(({ at }) => at.toISOString())}::text[], ${column('actorId')}::uuid[], ${column('requestId')}::text[],
                    ${column('details')}::text[], ${rows.map((row) => row.personalHash.toString('hex'))}::text[], ${rows.map((row) => row.mac.toString('hex'))}::text[])
             r (id, at, actor_id, request_id, details, hash, mac)),
    side as (
      insert into audit_personal (audit_id, account_id, salt, data)
      select id, account_id, decode(salt, 'hex'), personal::json
        from unnest(${column('id')}::uuid[], ${column('accountId')}::uuid[], ${rows.map((row) => row.salt.toString('hex'))}::text[], ${column('personal')}::text[])
             p (id, account_id, salt, personal))
    insert into audit_queue (audit_id) select unnest(${column('id')}::uuid[])`
}

async function main(args: string[]): Promise<number> {
  const [text, ...rest] = args
  if (text === '--help' || text === '-h') return say(usage, 0)
  const count = Number(text)
  if (rest.length > 0 || !/^\d+$/.test(text ?? '') || count < 1 || count > 10_000_000) return say(usage, 64)
  if (process.env.NODE_ENV === 'production')
    return say('load-accounts makes people up: it does not run in production.', 1)
  const surroundings = {
    environment: process.env,
    dataDirectory: join(import.meta.dir, '..', '.data'),
    compiled: false,
  }
  const { config, database } = await prepare(surroundings)
  try {
    await migrateSchema(config, () => {})
    const startedAt = performance.now()
    await fill(config, count)
    return say(
      `\nLoaded in ${((performance.now() - startedAt) / 1000).toFixed(1)} s; statistics and views are fresh.`,
      0,
    )
  } finally {
    await database?.stop()
  }
}

async function fill(config: Config, count: number): Promise<void> {
  const { sql, close } = openDatabase({
    url: config.databaseUrl,
    max: 1,
    statementTimeoutMs: 120_000,
    slowQueryMs: 120_000,
    ssl: config.databaseSsl,
    applicationName: 'load-accounts',
    onSlow: () => {},
    onWarn: (message) => void say(message, 0),
  })
  const total = count.toLocaleString('en')
  try {
    await loadAccounts(sql, config.auditKeys[0], count, (done) =>
      process.stderr.write(`\r${done.toLocaleString('en')} of ${total} accounts`),
    )
    await sql`analyze`
    await sql`select recount_sums()`
    await sql`select refresh_views()`
  } finally {
    await close(5)
  }
}

function say(text: string, code: number): number {
  process.stderr.write(`${text}\n`)
  return code
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
