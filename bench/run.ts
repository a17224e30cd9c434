#!/usr/bin/env bun
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compareWithBare, type Effort, measureSteps } from './chain-costs.ts'
import { openDatabase, subscribeEveryone } from './database.ts'
import { productionEnvironment } from './environment.ts'
import { moveToLoadCore, pinning, startServer } from './processes.ts'
import { type Figure, toFigureTable, toTable } from './report.ts'
import { asBytes, createClient, type Person } from './requests.ts'
import { buildProgram, countStatements, measureRates, measureStart, measureStorm } from './service.ts'
import { compareWithPeers } from './side-by-side.ts'
import { compareStarts } from './starts.ts'
import { measureStatementTimes, statementStatistics } from './statement-times.ts'

const usage = `Measures the service and prints tables in Markdown: bun run bench [-- --quick]

  --quick   a short run, of rougher figures
  --peers   only the comparison with the peers
  --help    this text

It needs nothing but what "bun install" brings; for the peers (Fastify, Better Auth) node and npm, which installs them
into bench/peers the first time. TEST_DATABASE_URL names a PostgreSQL server to use instead of an
embedded one; the database it makes there is dropped at the end. The exit code is 0 unless something could not be
measured: whether goals are met is for the reader.`

const thorough: Effort = { warmUp: 6, round: 2, rounds: 7, stageRound: 1, storm: 20, rates: 8, starts: 9 }
const quick: Effort = { warmUp: 3, round: 1, rounds: 3, stageRound: 0.5, storm: 6, rates: 3, starts: 3 }
/** Enough that nobody's log-ins reach the limit of sessions of an account. */
const peopleCount = 400

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, peers: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})
if (options.help) print(usage)
else await main(options.quick ? quick : thorough)

async function main(effort: Effort): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'manas360-bench-program-'))
  const database = await openDatabase(process.env.TEST_DATABASE_URL, statementStatistics)
  try {
    const environment = productionEnvironment(database.url)
    print(
      `Bun ${Bun.version}, PostgreSQL ${database.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}; ${pinning}\n`,
    )
    const server = await startServer(environment, { pin: false })
    const client = createClient(server.port, environment.OPS_TOKEN)
    const registered = await inBatches(Array.from({ length: peopleCount }), () => client.register())
    await subscribeEveryone(database.url)
    const [counted, ...people] = await inBatches(registered, (person) => client.login(person))
    if (!counted || people.length === 0) throw new Error('nobody was registered')
    await server.stop()
    if (!options.peers) await measureAlone({ environment, directory, effort, counted, people })
    if (database.pid) moveToLoadCore(database.pid)
    const setting = { environment, people, effort, compiled: await buildProgram(directory) }
    const beside: Figure[] = []
    await section('ours beside bare Hono, Fastify and Better Auth', beside, () => compareWithPeers(setting))
    await section('starts', beside, () => compareStarts(setting))
    print(
      `\nBeside others, in one run; load of the machine now ${loadavg()
        .map((one) => one.toFixed(1))
        .join(', ')}:\n`,
    )
    print(toFigureTable(beside))
  } finally {
    rmSync(directory, { recursive: true, force: true })
    await database.close()
  }
}

type Alone = {
  environment: ReturnType<typeof productionEnvironment>
  directory: string
  effort: Effort
  counted: Person
  people: Person[]
}

/** Measurements without peers: statements, rates, latency, throughput, and the cost of each step of the chain. */
async function measureAlone({ environment, directory, effort, counted, people }: Alone): Promise<void> {
  const figures: Figure[] = []
  const server = await startServer(environment, { pin: false })
  const client = createClient(server.port, environment.OPS_TOKEN)
  try {
    await section('statements', figures, () => countStatements(client, counted))
    const timing = { url: environment.DATABASE_URL, port: server.port, client, people, effort }
    await section('time of statements', figures, () => measureStatementTimes(timing))
    await section('log-ins and refreshes', figures, () => measureRates(server.port, client, people, effort))
    await section('latency in a storm of log-ins', figures, () => measureStorm(server.port, people, effort))
  } finally {
    await server.stop()
  }
  const request = asBytes.gatedGet(people[0] ?? counted)
  await section('throughput', figures, () => compareWithBare(environment, request, effort))
  await section('start and memory', figures, () => measureStart(environment, directory, effort))
  print(toFigureTable(figures))
  progress('the steps of the chain')
  const steps = await measureSteps(environment, request, effort)
  print(`\nWhat each step of the chain adds, in microseconds of a core for a request:\n`)
  print(toTable(['up to and with', 'µs', 'added', 'of bare'], steps))
}

/** Few at a time: the server refuses more passwords than it can check soon. */
async function inBatches<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < items.length; from += 16)
    results.push(...(await Promise.all(items.slice(from, from + 16).map(work))))
  return results
}

async function section(name: string, figures: Figure[], measure: () => Promise<Figure[]>): Promise<void> {
  progress(name)
  figures.push(...(await measure()))
}

function progress(name: string): void {
  process.stderr.write(`measuring ${name} …\n`)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
