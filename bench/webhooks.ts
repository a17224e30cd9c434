#!/usr/bin/env bun
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { createSecrets } from '../src/secrets/secrets.ts'
import { mintSecret } from '../src/webhooks/signature.ts'
import { openDatabase } from './database.ts'
import { productionEnvironment } from './environment.ts'
import { startServer } from './processes.ts'
import { provenance } from './provenance.ts'
import { ms, toTable } from './report.ts'
import { percentile } from './statistics.ts'

const usage = `How long events take to endpoints that are well, beside others that hang: bun bench/webhooks.ts [options]

  --endpoints N  in all (default 1000)
  --hanging N    of them that take the connection and never answer (default 100)
  --rate N       events a second, each for one endpoint, in turn (default 100)
  --seconds N    of that (default 60)
  --help         this text

One server with its PostgreSQL; the receivers are one process beside it. All endpoints are new at the beginning, so nobody knows yet
who hangs. The delay is from the timestamp of an event to its arrival. Then one event for all of them at once.`

const number = { type: 'string' } as const
const { values: options } = parseArgs({
  options: { endpoints: number, hanging: number, rate: number, seconds: number, help: { type: 'boolean', short: 'h' } },
})
const [endpoints, hanging, rate, seconds] = [
  Number(options.endpoints ?? 1_000),
  Number(options.hanging ?? 100),
  Number(options.rate ?? 100),
  Number(options.seconds ?? 60),
]
const patienceMs = 120_000

if (options.help) print(usage)
else if (![endpoints, rate, seconds].every((given) => given > 0) || !(hanging >= 0))
  throw new Error('options are numbers above 0')
else await main()

async function main(): Promise<void> {
  const database = await openDatabase(process.env.TEST_DATABASE_URL)
  const directory = mkdtempSync(join(tmpdir(), 'manas360-webhooks-'))
  const environment = { ...productionEnvironment(database.url), NODE_ENV: 'development' }
  const sql = postgres(database.url, { max: 4, onnotice: () => {} })
  const receivers = openReceivers()
  try {
    const ids = await addEndpoints(sql, environment.DATA_KEY, receivers.port)
    const server = await startServer(environment, { pin: false, log: join(directory, 'server.log') })
    print(`${provenance(['bun bench/webhooks.ts', ...process.argv.slice(2)].join(' '))}, load average ${averages()}:\n`)
    try {
      const steady = await measure(receivers, () => sendSteadily(sql, ids))
      const fanOut = await measure(receivers, () => queueTests(sql, ids))
      print(
        toTable(
          [`${endpoints} endpoints, ${hanging} of them hang`, 'arrived', 'p50', 'p99', 'worst'],
          [row(`${rate} events a second for ${seconds} s`, steady), row('one event for each at once', fanOut)],
        ),
      )
    } finally {
      await server.stop()
    }
    print(`\nLoad average at the end: ${averages()}.`)
  } finally {
    await sql.end({ timeout: 5 })
    receivers.close()
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

type Receivers = ReturnType<typeof openReceivers>

/** Receivers, with a path for each endpoint; the first ones hang. */
function openReceivers() {
  let delays: number[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { timestamp } = (await request.json()) as { timestamp: string }
      if (Number(new URL(request.url).pathname.slice(1)) < hanging) return new Promise<Response>(() => {})
      delays.push(Date.now() - Date.parse(timestamp))
      return new Response(null, { status: 204 })
    },
  })
  return {
    port: server.port ?? 0,
    arrived: () => delays.length,
    take() {
      const taken = delays
      delays = []
      return taken
    },
    close: () => server.stop(true),
  }
}

/** Endpoints of the operators, because those of accounts cannot reach this machine; more than the API allows. */
async function addEndpoints(sql: postgres.Sql, dataKey: string, port: number): Promise<string[]> {
  const secrets = createSecrets([dataKey])
  const rows = Array.from({ length: endpoints }, (_, index) => {
    const id = Bun.randomUUIDv7()
    const secret = secrets.encrypt(mintSecret(), { table: 'webhook_endpoints', column: 'secret', id })
    return { id, created_by: id, url: `http://127.0.0.1:${port}/${index}`, events: ['account.erased'], secret }
  })
  await sql`insert into webhook_endpoints ${sql(rows)}`
  return rows.map(({ id }) => id)
}

/** A message for each of some endpoints, in one transaction. @returns how many of them will arrive */
async function queueTests(sql: postgres.Sql, ids: readonly string[]): Promise<number> {
  await sql.begin(async (tx) => {
    await tx`
      with message as (
        insert into webhook_messages (id, type, body)
        select uuid_v7(), 'webhook.test', webhook_body('webhook.test', jsonb_build_object('endpointId', e.id))
          from unnest(${ids as string[]}::uuid[]) as e(id)
        returning id, ((body::json -> 'data') ->> 'endpointId')::uuid as endpoint_id)
      insert into webhook_deliveries (id, endpoint_id, message_id) select uuid_v7(), endpoint_id, id from message`
    await tx`select pg_notify('webhook_deliveries', '')`
  })
  return ids.length === endpoints ? endpoints - hanging : 0
}

/** Sends to one endpoint after the other, whatever the outcome. */
async function sendSteadily(sql: postgres.Sql, ids: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  let sent = 0
  let well = 0
  while (sent < rate * seconds) {
    const due = Math.min(rate * seconds, Math.floor(((performance.now() - startedAt) / 1_000) * rate))
    // In an order that mixes hanging endpoints among the others.
    const turns = Array.from({ length: due - sent }, (_, index) => ((sent + index) * 7_919) % endpoints)
    await Promise.all(turns.map((turn) => queueTests(sql, [ids[turn] as string])))
    well += turns.filter((turn) => turn >= hanging).length
    sent = due
    await Bun.sleep(2)
  }
  return well
}

async function measure(receivers: Receivers, send: () => Promise<number>): Promise<number[]> {
  receivers.take()
  const expected = await send()
  const endsAt = performance.now() + patienceMs
  while (receivers.arrived() < expected) {
    if (performance.now() > endsAt) throw new Error(`${receivers.arrived()} of ${expected} arrived`)
    await Bun.sleep(5)
  }
  return receivers.take()
}

function row(name: string, delays: number[]): string[] {
  return [name, `${delays.length}`, ...[0.5, 0.99, 1].map((share) => ms(percentile(delays, share)))]
}

function averages(): string {
  return loadavg()
    .map((each) => each.toFixed(1))
    .join(', ')
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
