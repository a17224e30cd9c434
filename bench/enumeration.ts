#!/usr/bin/env bun
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { createDummyHash } from '../src/auth/passwords.ts'
import { openDatabase } from './database.ts'
import { productionEnvironment } from './environment.ts'
import { startServer } from './processes.ts'
import { toTable } from './report.ts'
import { median, percentile } from './statistics.ts'

const usage = `Measures whether the time of an answer tells who has an account: bun run bench:enumeration [-- options]

  --tries N     tries of each kind, for each route (default 500)
  --route TEXT  only routes whose path has this text
  --flood N     then so many requests about as many addresses, while somebody else is served (default 10000; 0: none)
  --help        this text

One server with REQUIRE_EMAIL_VERIFICATION=true on a PostgreSQL of its own. Tries about addresses that have an account and
such that have none alternate, in an order drawn for each pair. Told are the medians, their difference (5 ms at the most), and
the two-sample Kolmogorov-Smirnov statistic against its critical value at 5 %. Exit code: 0 when every difference of medians is
below 5 ms, else 1. TEST_DATABASE_URL names a server to use instead of an embedded one.`

const mostMs = 5
const floodConnections = 64

const { values: options } = parseArgs({
  options: {
    tries: { type: 'string', default: '500' },
    route: { type: 'string', default: '' },
    flood: { type: 'string', default: '10000' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (options.help) print(usage)
else process.exitCode = await main({ tries: Number(options.tries), flood: Number(options.flood), only: options.route })

type Bench = { port: number; sql: postgres.Sql; password: string }

type Asked = { tries: number; flood: number; only: string }

async function main({ tries, flood, only }: Asked): Promise<number> {
  const database = await openDatabase(process.env.TEST_DATABASE_URL)
  const environment = { ...productionEnvironment(database.url), NODE_ENV: 'development', MAIL: 'on' }
  const server = await startServer(
    { ...environment, PUBLIC_URL: 'http://localhost', REQUIRE_EMAIL_VERIFICATION: 'true' },
    { pin: false },
  )
  const sql = postgres(database.url, { max: 2, onnotice: () => {} })
  const bench = { port: server.port, sql, password: crypto.randomUUID() }
  try {
    print(
      `Bun ${Bun.version}, PostgreSQL ${database.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}`,
    )
    const rows = await measureRoutes(bench, tries, only)
    const critical = 1.358 * Math.sqrt(2 / tries)
    print(
      toTable(
        ['route', 'known p50 ms', 'unknown p50 ms', 'difference ms', `KS (critical ${critical.toFixed(3)})`],
        rows.map(({ route, known, unknown }) => [
          route,
          median(known).toFixed(2),
          median(unknown).toFixed(2),
          (median(known) - median(unknown)).toFixed(2),
          distance(known, unknown).toFixed(3),
        ]),
      ),
    )
    if (flood > 0) await measureFlood(bench, flood)
    return rows.every(({ known, unknown }) => Math.abs(median(known) - median(unknown)) < mostMs) ? 0 : 1
  } finally {
    await sql.end({ timeout: 1 })
    await server.stop()
    await database.close()
  }
}

type Measured = { route: string; known: number[]; unknown: number[] }

async function measureRoutes(bench: Bench, tries: number, only: string): Promise<Measured[]> {
  const { password, sql } = bench
  const asker = await givenAsker(bench)
  const routes: Record<string, (email: string) => Promise<Response>> = {
    'POST /v1/auth/login': (email) => post(bench, '/v1/auth/login', { email, password: 'not this one' }),
    'POST /v1/auth/register': (email) => post(bench, '/v1/auth/register', { email, password }),
    'POST /v1/auth/password/forgot': (email) => post(bench, '/v1/auth/password/forgot', { email }),
    'POST /v1/auth/email/resend': (email) => post(bench, '/v1/auth/email/resend', { email }),
    'POST /v1/me/email': (newEmail) => post(bench, '/v1/me/email', { newEmail, password }, asker.token),
  }
  const measured: Measured[] = []
  for (const [route, send] of Object.entries(routes).filter(([route]) => route.includes(only))) {
    const result: Measured = { route, known: [], unknown: [] }
    const accounts = await givenAccounts(bench, tries + 20)
    for (const [i, known] of accounts.entries()) {
      const pair = Math.random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)
      for (const kind of pair) {
        await sql`delete from account_links where account_id = ${asker.id}`
        const startedAt = performance.now()
        const answer = await send(kind === 'known' ? known : newEmail())
        await answer.text()
        // The first requests fill caches of plans and code.
        if (i >= 20) result[kind].push(performance.now() - startedAt)
        if (answer.status !== 202 && answer.status !== 401) throw new Error(`${route} answered ${answer.status}`)
      }
    }
    measured.push(result)
  }
  return measured
}

/** The greatest distance of the distributions of two samples, 0 to 1 (Kolmogorov and Smirnov). */
function distance(a: readonly number[], b: readonly number[]): number {
  const share = (sample: readonly number[], at: number) => sample.filter((value) => value <= at).length / sample.length
  return Math.max(...[...a, ...b].map((at) => Math.abs(share(a, at) - share(b, at))))
}

/**
 * Requests about as many addresses, of which one in a hundred has an account, and the latency of another client
 * meanwhile.
 */
async function measureFlood(bench: Bench, requests: number): Promise<void> {
  const accounts = await givenAccounts(bench, Math.ceil(requests / 100))
  const { token } = await givenAsker(bench)
  const others = async (goOn: () => boolean) => {
    const waits: number[] = []
    while (goOn()) {
      const startedAt = performance.now()
      const answer = await fetch(`http://127.0.0.1:${bench.port}/v1/me`, {
        headers: { authorization: `Bearer ${token}` },
      })
      await answer.text()
      if (answer.status !== 200) throw new Error(`somebody else was answered ${answer.status}`)
      waits.push(performance.now() - startedAt)
    }
    return waits
  }
  const idleUntil = performance.now() + 2_000
  const idle = await others(() => performance.now() < idleUntil)
  let next = 0
  const attack = async () => {
    for (let i = next++; i < requests; i = next++)
      await (await post(bench, '/v1/auth/password/forgot', { email: accounts[i] ?? newEmail() })).text()
  }
  const startedAt = performance.now()
  const flood = Promise.all(Array.from({ length: floodConnections }, attack))
  const meanwhile = await others(() => next < requests)
  await flood
  const seconds = (performance.now() - startedAt) / 1000
  const [row] = await bench.sql`select count(*)::int as mails from mail_outbox where template = 'reset-password'`
  print(
    `\n${requests} requests about as many addresses, ${accounts.length} with an account: ${Math.round(requests / seconds)} a second; ${row?.mails} mails by now.`,
  )
  for (const [name, waits] of Object.entries({ before: idle, meanwhile }))
    print(
      `GET /v1/me of somebody else ${name}: p50 ${median(waits).toFixed(1)} ms, p99 ${percentile(waits, 0.99).toFixed(1)} ms`,
    )
}

function newEmail(): string {
  return `${crypto.randomUUID()}@bench.test`
}

function post({ port }: Bench, path: string, value: object, token?: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(value),
  })
}

/** Makes accounts with unverified addresses and a password that nobody has. @returns the addresses */
async function givenAccounts({ sql }: Bench, count: number): Promise<string[]> {
  const hash = createDummyHash({ memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  const rows = Array.from({ length: count }, () => ({ id: Bun.randomUUIDv7(), email: newEmail() }))
  await sql`
    with made as (
      insert into user_accounts (id, email, password_hash)
      select r.id, r.email, ${hash} from json_to_recordset(${JSON.stringify(rows)}::text::json) r (id uuid, email text) returning id)
    insert into user_subscriptions (id, account_id, plan, status) select gen_random_uuid(), id, 'free', 'active' from made`
  return rows.map(({ email }) => email)
}

/** A signed-in account. */
async function givenAsker(bench: Bench): Promise<{ id: string; token: string }> {
  const email = newEmail()
  await post(bench, '/v1/auth/register', { email, password: bench.password })
  const [row] = await bench.sql`update user_accounts set email_verified_at = now() where email = ${email} returning id`
  const answer = await post(bench, '/v1/auth/login', { email, password: bench.password })
  const { accessToken } = (await answer.json()) as { accessToken: string }
  return { id: String(row?.id), token: accessToken }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
