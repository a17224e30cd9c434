#!/usr/bin/env bun
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { createChangeSources, type Fleet } from './changes.ts'
import { openDatabase } from './database.ts'
import { productionEnvironment } from './environment.ts'
import { boundMs, drive, type Measured, type Mode } from './obedience.ts'
import { runLoad, startServer } from './processes.ts'
import { toFleet } from './regions/fleet.ts'
import { toTable } from './report.ts'
import { asBytes, createClient } from './requests.ts'
import { percentile } from './statistics.ts'

const usage = `Measures how soon changes of rights are obeyed by other instances: bun run bench:freshness [-- options]

  --seconds N   how long changes are made, for each way of the feed (default 60)
  --rate N      authorised requests a second meanwhile, over all instances (default 500)
  --help        this text

Three server processes on one PostgreSQL. Each change is made through another instance than the one before, while every
instance is asked with a token that it concerns. The delay counts from the commit, as PostgreSQL dates it, to the arrival
of the first answer that obeys; every instance counts, also the one that made the change. TEST_DATABASE_URL names a
server to use instead of an embedded one; it needs track_commit_timestamp = on.`

const instances = 3
const queryCountSeconds = 10

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '500' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (options.help) print(usage)
else await main(Number(options.seconds), Number(options.rate))

async function main(seconds: number, rate: number): Promise<void> {
  const database = await openDatabase(process.env.TEST_DATABASE_URL, { track_commit_timestamp: 'on' })
  try {
    print(`Bun ${Bun.version}, PostgreSQL ${database.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`)
    for (const mode of ['listen', 'poll'] as const) await measure(mode, database.url, seconds, rate)
  } finally {
    await database.close()
  }
}

async function measure(mode: Mode, url: string, seconds: number, rate: number): Promise<void> {
  const environment = productionEnvironment(url)
  const servers = await Promise.all(
    Array.from({ length: instances }, () => startServer({ ...environment, AUTHZ_FEED: mode }, { pin: false })),
  )
  const sql = postgres(url, { max: 2, onnotice: () => {} })
  try {
    const clients = servers.map(({ port }) => createClient(port, environment.OPS_TOKEN))
    const [client] = clients
    if (!client) throw new Error('there is no instance')
    const people = await Promise.all(Array.from({ length: 10 }, () => client.register()))
    const root = await client.register()
    await sql`update user_subscriptions set plan = 'professional' where account_id in (select id from user_accounts where email = any(${people.map(({ email }) => email)}))`
    await sql`update user_accounts set role = 'superadmin' where email = ${root.email}`
    const signedIn = await Promise.all(people.map((person) => client.login(person)))
    const ports = servers.map(({ port }) => port)
    const fleet: Fleet = { ...toFleet(ports), root: (await client.login(root)).accessToken, sql }
    const load = (forSeconds: number) =>
      Promise.all(
        ports.map((port) =>
          runLoad(
            {
              port,
              connections: 16,
              seconds: forSeconds,
              requests: signedIn.map(asBytes.gatedGet),
              rate: rate / instances,
            },
            { pin: false },
          ),
        ),
      )
    const statements = async () => sumOf(await Promise.all(clients.map((each) => each.countStatements())), Number)

    const before = await statements()
    await Bun.sleep(queryCountSeconds * 1000)
    const atRest = (await statements()) - before
    const answered = sumOf(await load(queryCountSeconds), (outcome) => outcome.answered)
    const loaded = (await statements()) - before - atRest

    const sources = await createChangeSources(fleet)
    const loading = load(seconds)
    const results = new Map<string, Measured>()
    const endsAt = performance.now() + seconds * 1000
    await Promise.all(sources.map((source, index) => drive(source, index, { mode, fleet, ports, results, endsAt })))
    const outcomes = await loading

    const each = [...results].sort()
    const all: Measured = {
      delays: each.flatMap(([, { delays }]) => delays),
      late: sumOf(each, ([, { late }]) => late),
      back: sumOf(each, ([, { back }]) => back),
    }
    const rows = [...each, ['all together', all] as const].map(([name, { delays, late, back }]) => [
      name,
      `${delays.length / instances}`,
      ...[0.5, 0.99, 1].map((share) => `${percentile(delays, share).toFixed(1)} ms`),
      `${late}`,
      `${back}`,
    ])
    print(`\nAUTHZ_FEED=${mode}, ${instances} instances, ${rate} authorised requests/s, changes for ${seconds} s:\n`)
    print(
      toTable(['change', 'times', 'p50', 'p99', 'worst', `on old rights after ${boundMs / 1000} s`, 'went back'], rows),
    )
    const failed = sumOf(outcomes, (outcome) => outcome.failed)
    const total = sumOf(outcomes, (outcome) => outcome.answered)
    print(
      `\nRequests of others meanwhile: ${total} answered, ${failed} failed, p99 ${Math.max(...outcomes.map(({ p99 }) => p99)).toFixed(1)} ms. ` +
        `Statements of the pools in ${queryCountSeconds} s: ${atRest} at rest, ${loaded} with ${answered} authorised requests ` +
        `(what they used is written every 5 s; jobs run once in a while).`,
    )
  } finally {
    await sql.end({ timeout: 5 })
    await Promise.all(servers.map((server) => server.stop()))
  }
}

function sumOf<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
