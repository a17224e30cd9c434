#!/usr/bin/env bun
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { openReplicatedPostgres } from '../tests/support/replica.ts'
import { createChangeSources, type Fleet } from './changes.ts'
import { productionEnvironment } from './environment.ts'
import { boundMs, drive, type Measured, type Mode } from './obedience.ts'
import { type Child, startServer } from './processes.ts'
import { provenance } from './provenance.ts'
import { type Distance, openDistance } from './regions/distance.ts'
import { toFleet } from './regions/fleet.ts'
import { type ActionCost, measureAction, openPerson } from './regions/requests.ts'
import { toTable } from './report.ts'
import { createClient } from './requests.ts'
import { percentile } from './statistics.ts'

const usage = `Measures instances in several regions: bun run bench:load regions [options]

  --round-trip MS  between the far regions and the primary (default 150)
  --times N        how often each request is made (default 15)
  --seconds N      how long changes of rights are made, for each way of the feed (default 45)
  --help           this text

One PostgreSQL with a streaming replica. One server stands beside the primary; two reach it through a proxy that delays every
packet, and the last of them reads from the replica, which stands beside it.`

const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== 'regions'),
  options: {
    'round-trip': { type: 'string', default: '150' },
    times: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '45' },
    help: { type: 'boolean', short: 'h' },
  },
})
const roundTripMs = Number(options['round-trip'])
if (options.help) print(usage)
else await main()

async function main(): Promise<void> {
  const database = await openReplicatedPostgres({ track_commit_timestamp: 'on' })
  const sql = postgres(database.primaryUrl, { max: 2, onnotice: () => {} })
  try {
    for (const mode of ['listen', 'poll'] as const) await measure(mode, database, sql)
    print(`\n${provenance('bun run bench:load regions')}, load average ${loadavg()[0]?.toFixed(1)}`)
  } finally {
    await sql.end({ timeout: 5 })
    await database.stop()
  }
}

type Region = { name: string; server: Child & { readyMs: number }; distance: Distance }
type Urls = { primaryUrl: string; replicaUrl: string }

async function measure(mode: Mode, { primaryUrl, replicaUrl }: Urls, sql: postgres.Sql): Promise<void> {
  const environment = { ...productionEnvironment(primaryUrl), AUTHZ_FEED: mode }
  const regions: Region[] = []
  try {
    for (const [name, lag, more] of [
      ['beside the primary', 0, {}],
      [`${roundTripMs} ms away`, roundTripMs, {}],
      [`${roundTripMs} ms away, with a replica`, roundTripMs, { DATABASE_REPLICA_URL: replicaUrl }],
    ] as const) {
      const distance = await openDistance(primaryUrl, lag / 2)
      const server = await startServer({ ...environment, ...more, DATABASE_URL: distance.url }, { pin: false })
      regions.push({ name, server, distance })
    }
    const [near] = regions
    if (!near) throw new Error('there is no region')
    const client = createClient(near.server.port, environment.OPS_TOKEN)
    const root = await client.register()
    await sql`update user_accounts set role = 'superadmin' where email = ${root.email}`
    const { accessToken } = await client.login(root)
    if (mode === 'listen') await tellRequests(regions, accessToken)
    await tellObedience(mode, regions, { root: accessToken, sql })
  } finally {
    for (const { server, distance } of regions) {
      await server.stop()
      distance.close()
    }
  }
}

async function tellRequests(regions: Region[], root: string): Promise<void> {
  const costs: ActionCost[][] = []
  for (const { server, distance } of regions) {
    const measured: ActionCost[] = []
    for (const action of await openPerson(server.port, root))
      measured.push(await measureAction(action, distance, Number(options.times)))
    costs.push(measured)
  }
  const rows = (costs[0] ?? []).map(({ name, trips }, row) => [
    name,
    `${trips}`,
    ...costs.map((each) => {
      const milliseconds = each[row]?.milliseconds ?? []
      const others = each[row]?.trips === trips ? '' : `, ${each[row]?.trips} trips`
      return `${percentile(milliseconds, 0.5).toFixed(1)} / ${percentile(milliseconds, 0.99).toFixed(1)}${others}`
    }),
  ])
  rows.push(['start to ready', '', ...regions.map(({ server }) => server.readyMs.toFixed(0))])
  print('\nRound trips to the primary, and p50 / p99 in ms:\n')
  print(toTable(['request', 'trips', ...regions.map(({ name }) => name)], rows))
}

async function tellObedience(mode: Mode, regions: Region[], { root, sql }: Pick<Fleet, 'root' | 'sql'>): Promise<void> {
  const ports = regions.map(({ server }) => server.port)
  const fleet: Fleet = { ...toFleet(ports), root, sql }
  const sources = await createChangeSources(fleet)
  const results = new Map<string, Measured>()
  // One after the other: all are made by one administrator, whose row each change locks for its four or five round
  // trips.
  for (const [index, source] of sources.entries()) {
    const endsAt = performance.now() + (Number(options.seconds) * 1000) / sources.length
    await drive(source, index, { mode, fleet, ports, results, endsAt })
  }
  const all = [...results.values()]
  // Every change adds one delay for each instance, in their order.
  const rows = regions.map(({ name }, region) => {
    const delays = all.flatMap(({ delays: each }) => each.filter((_, index) => index % regions.length === region))
    const [p50, p99, worst] = [0.5, 0.99, 1].map((share) => `${percentile(delays, share).toFixed(0)} ms`)
    return [name, `${delays.length}`, p50 ?? '', p99 ?? '', worst ?? '']
  })
  const sum = (amount: (one: Measured) => number) => all.reduce((total, one) => total + amount(one), 0)
  print(`\nFrom the commit of a change to the first answer that obeys it, feed by ${mode}:\n`)
  print(toTable(['instance', 'changes', 'p50', 'p99', 'worst'], rows))
  print(
    `\n${sum(({ late }) => late)} answers by old rights after ${boundMs / 1000} s, ${sum(({ back }) => back)} went back to them.`,
  )
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
