import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { boundedLatencies, type Latencies } from './latencies.ts'
import { toSvg } from './plot.ts'
import { provenance } from './provenance.ts'
import { toTable } from './report.ts'
import { usualShares, type Window } from './users-client.ts'

export type UsersOptions = {
  users: number
  arriveSeconds: number
  staySeconds: number
  /** Requests per second of all users together, once all have arrived. */
  rate: number
  /** Serves a bare Hono route instead: the cost of as many connections alone. */
  bare: boolean
  directory: string
  plots: string
}

/** A window of one client, with the figures of the machine at that time. */
export type Moment = Window & {
  client: number
  servers: { coreSeconds: number; residentMb: number }[]
  busy: number[]
  socketMb: number
}

type Result = {
  options: UsersOptions
  processes: number
  all: Latencies
  moments: Moment[]
  /** Processor time of each server process. */
  serverSeconds: number[]
  restMb: number[]
  logMb: number
}

/** The figures of the replaced system's own test. */
const claims = { perSecond: '12,000', average: '42 ms', p95: '85 ms', errors: '0.02 %' }

export function reportUsers({ options, processes, all, moments, serverSeconds, restMb, logMb }: Result): void {
  const steady = steadyOf(moments, options)
  const failures = new Map<string, number>()
  for (const { failures: some } of moments)
    for (const [why, times] of Object.entries(some)) failures.set(why, (failures.get(why) ?? 0) + times)
  const failed = sum([...failures.values()])
  const answered = all.count()
  const per = (figure: number) => `${figure.toLocaleString('en', { maximumFractionDigits: 0 })}`
  const ms = (figure: number) => `${figure.toFixed(1)} ms`
  const most = (figure: (moment: Moment) => number) => Math.max(...moments.map(figure))
  const rows = [
    ['connections open at once, most', '100,000', per(mostOpen(moments, processes))],
    ['requests/s while all are there', claims.perSecond, per(steady.perSecond)],
    ['average', claims.average, ms(steady.latencies.average())],
    ['p50', '', ms(steady.latencies.percentile(0.5))],
    ['p95', claims.p95, ms(steady.latencies.percentile(0.95))],
    ['p99', '', ms(steady.latencies.percentile(0.99))],
    ['the same of the whole run, arrivals included: average', '', ms(all.average())],
    [
      '— p50, p95, p99, worst',
      '',
      [...[0.5, 0.95, 0.99].map((share) => all.percentile(share)), all.max()].map(ms).join(', '),
    ],
    [
      'errors',
      claims.errors,
      `${failed} of ${per(answered + failed)} (${((100 * failed) / (answered + failed)).toFixed(4)} %)`,
    ],
    ['connections lost while idle', '', `${sum(moments.map(({ lost }) => lost))}`],
    ['server, of its core while all are there', '', percent(steady.serverCore)],
    ['core 0, core 1, whatever ran on them', '', steady.cores.map(percent).join(', ')],
    ['clients, of their core', '', percent(steady.clientCore)],
    ['a client handed a request over late, at most', '', ms(most(({ late }) => late))],
    [
      'server memory: at rest, most',
      '',
      `${per(sum(restMb))}, ${per(most(({ servers }) => sum(servers.map(({ residentMb }) => residentMb))))} MB in ${processes} processes`,
    ],
    ['client memory, most', '', `${per(most(({ residentMb }) => residentMb) * processes)} MB`],
    ['kernel memory of all sockets, both ends, most', '', `${per(most(({ socketMb }) => socketMb))} MB`],
    ['log', '', `${per(logMb)} MB, ${Math.round((logMb * 1e6) / (answered + failed))} bytes a request`],
    ['server, of a core for a request', '', `${((sum(serverSeconds) / (answered + failed)) * 1e6).toFixed(1)} µs`],
  ]
  const { users, arriveSeconds, staySeconds, rate, bare } = options
  const command = `bun run bench:load users --users ${users} --arrive ${arriveSeconds} --stay ${staySeconds} --rate ${rate}${bare ? ' --bare' : ''}`
  print(`${provenance(command)}\n`)
  print(
    bare
      ? 'A bare Hono route in the place of the service, the gated GET alone.\n'
      : `Mix: gated GET ${percent(1 - usualShares.me - usualShares.refresh)}, GET /v1/me ${percent(usualShares.me)}, refresh ${percent(usualShares.refresh)}, and one log-in a second.\n`,
  )
  print(toTable(['what', 'the replaced system claims', 'measured'], rows))
  print(
    `\n${toTable(
      ['request', 'answered', 'p50', 'p95', 'p99'],
      all
        .kinds()
        .map((kind) => [
          kind,
          per(all.count(kind)),
          ...[0.5, 0.95, 0.99].map((share) => ms(all.percentile(share, kind))),
        ]),
    )}`,
  )
  for (const [why, times] of failures) print(`${times} × ${why}`)
  draw(moments, options)
}

/** The windows between the last arrival and the first departure. */
function steadyOf(moments: Moment[], { arriveSeconds, staySeconds }: UsersOptions) {
  const latencies = boundedLatencies()
  const within = moments.filter(({ at, done }) => !done && at > arriveSeconds + 5 && at <= staySeconds)
  for (const moment of within) latencies.addPacked(moment.latencies)
  const [first, last] = [within[0], within.at(-1)]
  if (!first || !last)
    return { latencies, perSecond: Number.NaN, serverCore: Number.NaN, clientCore: Number.NaN, cores: [] }
  const clients = [...new Set(within.map(({ client }) => client))]
  // The first window of a client began before `first`.
  const span = (client: number) => within.filter((moment) => moment.client === client)
  const seconds = last.at - first.at
  const used = (moment: Moment) => sum(moment.servers.map(({ coreSeconds }) => coreSeconds))
  return {
    latencies,
    perSecond: sum(
      clients.map((client) => {
        const own = span(client)
        const time = (own.at(-1)?.at ?? 0) - (own[0]?.at ?? 0)
        return own.slice(1).reduce((total, moment) => total + countOf(moment), 0) / time
      }),
    ),
    serverCore: (used(last) - used(first)) / seconds,
    clientCore: sum(
      clients.map((client) => {
        const own = span(client)
        return (
          ((own.at(-1)?.coreSeconds ?? 0) - (own[0]?.coreSeconds ?? 0)) / ((own.at(-1)?.at ?? 0) - (own[0]?.at ?? 0))
        )
      }),
    ),
    cores: last.busy.map((busy, core) => (busy - (first.busy[core] ?? 0)) / seconds),
  }
}

const countOf = ({ latencies }: Moment): number =>
  Object.values(latencies.kinds).reduce((total, held) => total + held.reduce((some, [, n]) => some + n, 0), 0)

/** Clients report one after the other: the latest report of each counts. */
function mostOpen(moments: Moment[], processes: number): number {
  const open = new Array<number>(processes).fill(0)
  let most = 0
  for (const moment of moments) {
    open[moment.client] = moment.open
    most = Math.max(most, sum(open))
  }
  return most
}

function draw(moments: Moment[], { plots, users, rate, staySeconds }: UsersOptions): void {
  mkdirSync(plots, { recursive: true })
  const byTime = new Map<number, Moment[]>()
  for (const moment of moments.filter(({ done }) => !done)) {
    const at = Math.round(moment.at / 5) * 5
    byTime.set(at, [...(byTime.get(at) ?? []), moment])
  }
  const times = [...byTime].sort(([a], [b]) => a - b)
  const merged = times.map(([at, some]) => {
    const latencies = boundedLatencies()
    for (const moment of some) latencies.addPacked(moment.latencies)
    return { at, some, latencies }
  })
  const subtitle = `${users.toLocaleString('en')} users for ${staySeconds} s, ${rate.toLocaleString('en')} requests/s asked for; servers on one core`
  const x = { label: 'seconds' }
  const shareOf = (share: number) => merged.map(({ at, latencies }) => [at, latencies.percentile(share)] as const)
  writeFileSync(
    join(plots, 'users-latency.svg'),
    toSvg({
      title: 'Latency from when a request was due',
      subtitle,
      x,
      y: { label: 'ms', log: true },
      series: [
        { name: 'p50', points: shareOf(0.5) },
        { name: 'p95', points: shareOf(0.95) },
        { name: 'p99', points: shareOf(0.99) },
      ],
      levels: [{ y: 85, label: 'p95 that the replaced system claims: 85 ms' }],
    }),
  )
  writeFileSync(
    join(plots, 'users-rate.svg'),
    toSvg({
      title: 'Requests answered a second, and connections open',
      subtitle,
      x,
      y: { label: 'requests/s; connections ÷ 10' },
      series: [
        { name: 'requests/s', points: merged.map(({ at, some }) => [at, sum(some.map(countOf)) / 5] as const) },
        {
          name: 'connections ÷ 10',
          points: merged.map(({ at, some }) => [at, sum(some.map(({ open }) => open)) / 10] as const),
        },
      ],
    }),
  )
}

const sum = (figures: readonly number[]): number => figures.reduce((a, b) => a + b, 0)
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
