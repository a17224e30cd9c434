import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { openDatabase, subscribeEveryone } from './database.ts'
import { productionEnvironment } from './environment.ts'
import { toSvg } from './plot.ts'
import { startServer } from './processes.ts'
import { provenance } from './provenance.ts'
import { type Figure, plain, toFigureTable, toTable } from './report.ts'
import { createClient } from './requests.ts'
import { openMailSink } from './soak-mail.ts'
import { megabytesOf, readDatabase, readProcess, type Sample, slopeOf } from './soak-samples.ts'
import { givenPeople, startTraffic, type Traffic } from './soak-traffic.ts'
import { openWebhookSink } from './soak-webhooks.ts'

type SoakOptions = { minutes: number; rate: number; directory: string; plots: string }

/** The growth of memory, in megabytes an hour, above which there is a leak. */
const mostMbAnHour = 1

/**
 * Mixed traffic on one server for a long time, to find unbounded growth. In development mode, because only there is a
 * sandbox for payments; with the secrets, limits and log of production.
 */
export async function soak({ minutes, rate, directory, plots }: SoakOptions): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const log = join(directory, 'server.log')
  writeFileSync(log, '')
  const database = await openDatabase(process.env.TEST_DATABASE_URL)
  const mail = await openMailSink()
  const hooks = openWebhookSink()
  const environment = {
    ...productionEnvironment(database.url),
    NODE_ENV: 'development',
    // Short, so that caches of tokens reach their largest size soon.
    ACCESS_TOKEN_TTL_SECONDS: '120',
    BILLING_PROVIDERS: 'sandbox',
    MAIL: 'on',
    SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
    MAIL_FROM: 'MANAS360 <no-reply@bench.manas360.test>',
  }
  const server = await startServer(environment, { pin: false, log })
  const sql = postgres(database.url, { max: 1, onnotice: () => {}, connection: { application_name: 'soak' } })
  try {
    const target = { port: server.port, opsToken: environment.OPS_TOKEN }
    const people = await givenPeople(target, rate)
    await subscribeEveryone(database.url)
    await sql`update user_accounts set role = 'superadmin' where email = ${people.at(-1)?.email ?? ''}`
    const client = createClient(server.port, environment.OPS_TOKEN)
    for (const person of people) Object.assign(person, await client.login(person))
    await hooks.subscribe(server.port, people.at(-1)?.accessToken ?? '')
    const traffic = startTraffic({ ...target, mail }, people, rate)
    const samples: Sample[] = []
    const startedAt = performance.now()
    const everyMs = Math.min(10_000, minutes * 6_000)
    while (performance.now() - startedAt < minutes * 60_000) {
      await Bun.sleep(everyMs)
      const sample = await takeSample({ startedAt, pid: server.pid, log, sql, traffic })
      samples.push(sample)
      writeFileSync(join(directory, 'samples.json'), JSON.stringify({ samples, failures: [...traffic.failures] }))
    }
    await traffic.stop()
    report({ samples, traffic, minutes, rate, plots, webhooks: await hooks.figure(sql) })
  } finally {
    await sql.end({ timeout: 5 })
    await server.stop()
    await mail.close()
    await hooks.close()
    await database.close()
  }
}

type Source = { startedAt: number; pid: number; log: string; sql: postgres.Sql; traffic: Traffic }

async function takeSample({ startedAt, pid, log, sql, traffic }: Source): Promise<Sample> {
  const { latencies } = traffic
  const window = { answered: latencies.count(), p95: latencies.percentile(0.95) }
  latencies.clear()
  return {
    minutes: (performance.now() - startedAt) / 60_000,
    ...readProcess(pid),
    logMb: megabytesOf(log),
    ...(await readDatabase(sql)),
    ...window,
  }
}

type Result = { samples: Sample[]; traffic: Traffic; minutes: number; rate: number; plots: string; webhooks: Figure }

function report({ samples, traffic, minutes, rate, plots, webhooks }: Result): void {
  const warm = samples.filter((sample) => sample.minutes >= minutes / 4)
  const last = warm.at(-1)
  const first = warm[0]
  if (!first || !last) throw new Error('no samples')
  const answered = samples.reduce((sum, sample) => sum + sample.answered, 0)
  const failed = [...traffic.failures.values()].reduce((a, b) => a + b, 0)
  // From then on every connection has prepared its statements, those of rare requests too.
  const settled = samples.filter((sample) => sample.minutes >= (minutes * 2) / 3)
  const [since, lately] = [`after the first ${(minutes / 4).toFixed(0)} minutes`, 'in the last third']
  const figures: Figure[] = [
    plain('requests answered; failed', `${answered}; ${failed}`),
    plain('people who paid; who joined and left a team', `${traffic.counts.paid}; ${traffic.counts.joined}`),
    webhooks,
    growth(`resident memory, ${lately}`, settled, (sample) => sample.residentMb),
    growth(`of that not pages of files, ${lately}`, settled, (sample) => sample.anonymousMb),
    { ...growth(`the same, ${since}`, warm, (sample) => sample.anonymousMb), goal: '', met: null },
    flat('open files', warm, (sample) => sample.openFiles),
    flat('connections to PostgreSQL', warm, (sample) => sample.connections),
    plain('threads', `${first.threads} to ${last.threads}`),
    plain(
      'log, bytes a request',
      `${Math.round(((last.logMb - first.logMb) * 1e6) / answeredBetween(samples, first, last))}`,
    ),
    plain(
      'of a core, mean',
      `${(((last.coreSeconds - first.coreSeconds) / ((last.minutes - first.minutes) * 60)) * 100).toFixed(1)} %`,
    ),
  ]
  process.stdout.write(
    `${provenance(`bun run bench:load soak --minutes ${minutes} --rate ${rate}`)}\n\n${toFigureTable(figures)}\n\n`,
  )
  process.stdout.write(
    `${toTable(['table', 'KB then', 'KB at the end', 'rows then', 'rows at the end', 'dead rows'], tableRows(first, last))}\n`,
  )
  for (const [why, times] of traffic.failures) process.stdout.write(`${times} × ${why}\n`)
  draw(samples, plots, `${minutes} minutes at ${rate} requests/s`)
}

function growth(what: string, samples: Sample[], figure: (sample: Sample) => number): Figure {
  const { slope, error } = slopeOf(samples.map((sample) => [sample.minutes / 60, figure(sample)]))
  const all = samples.map(figure)
  return {
    what,
    figure: `${slope >= 0 ? '+' : ''}${slope.toFixed(1)} ± ${error.toFixed(1)} MB/h (${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)} MB)`,
    goal: `< ${mostMbAnHour} MB/h`,
    met: slope < mostMbAnHour,
  }
}

/** Whether the figure at the end was reached before. */
function flat(what: string, samples: Sample[], figure: (sample: Sample) => number): Figure {
  const half = samples.length >> 1
  const most = (some: Sample[]) => Math.max(...some.map(figure))
  const [before, after] = [most(samples.slice(0, half)), most(samples.slice(half))]
  return { what, figure: `at most ${before}, then ${after}`, goal: 'no more than before', met: after <= before }
}

function answeredBetween(samples: Sample[], first: Sample, last: Sample): number {
  return samples
    .filter((sample) => sample.minutes > first.minutes && sample.minutes <= last.minutes)
    .reduce((sum, sample) => sum + sample.answered, 0)
}

function tableRows(first: Sample, last: Sample): string[][] {
  return Object.entries(last.tables)
    .filter(([, { kb }]) => kb > 100)
    .sort(([, a], [, b]) => b.kb - a.kb)
    .map(([name, { kb, rows, dead }]) => [
      name,
      `${first.tables[name]?.kb ?? 0}`,
      `${kb}`,
      `${first.tables[name]?.rows ?? 0}`,
      `${rows}`,
      `${dead}`,
    ])
}

function draw(samples: Sample[], plots: string, subtitle: string): void {
  mkdirSync(plots, { recursive: true })
  const of = (name: string, figure: (sample: Sample) => number) => ({
    name,
    points: samples.map((sample) => [sample.minutes, figure(sample)] as const),
  })
  const write = (file: string, title: string, unit: string, series: ReturnType<typeof of>[]) =>
    writeFileSync(join(plots, file), toSvg({ title, subtitle, x: { label: 'minutes' }, y: { label: unit }, series }))
  write('soak-memory.svg', 'Soak: memory of the server', 'MB', [
    of('resident', (sample) => sample.residentMb),
    of('of that not pages of files', (sample) => sample.anonymousMb),
  ])
  write('soak-held.svg', 'Soak: what the server holds', 'count', [
    of('open files', (sample) => sample.openFiles),
    of('connections to PostgreSQL', (sample) => sample.connections),
  ])
  write('soak-growth.svg', 'Soak: what is recorded', 'MB', [
    of('database', (sample) => sample.databaseMb),
    of('log', (sample) => sample.logMb),
  ])
}
