import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from './database.ts'
import { productionEnvironment } from './environment.ts'
import { installPeers, startPeer } from './peers.ts'
import { toSvg } from './plot.ts'
import {
  type Child,
  coreSeconds,
  moveToLoadCore,
  residentMegabytes,
  runLoad,
  startServer,
  startStage,
} from './processes.ts'
import { provenance } from './provenance.ts'
import { toTable } from './report.ts'
import { asBytes } from './requests.ts'
import { givenSignedIn } from './users-setup.ts'

type BesideOptions = {
  seconds: number
  most: number
  directory: string
  plots: string
  /** Leaves out peers that need npm and network. */
  withoutPeers: boolean
}

type Step = {
  rate: number
  perSecond: number
  p50: number
  p95: number
  p99: number
  failed: number
  core: number
  generator: number
}
type Contender = { name: string; child: Child; requests: string[]; steps: Step[]; left: boolean }

const connections = 256
const goalMs = 5
/** The latency above which no higher rate is tried, because the queue only grows. */
const hopelessMs = 200
const warmUpSeconds = 4
const peopleCount = 5_000
const rates = [
  1_000, 2_000, 4_000, 6_000, 8_000, 10_000, 12_000, 14_000, 16_000, 18_000, 20_000, 22_000, 24_000, 26_000, 28_000,
  30_000, 33_000, 36_000, 40_000, 45_000, 50_000, 60_000,
]

/**
 * Compares the gated GET of this service, of Better Auth on Hono and of Fastify, and a bare Hono route, at the same
 * rates in turn. This service is called with tokens of 5,000 people and writes its log to a file; the others with one
 * token, without a log.
 */
export async function beside({ seconds, most, directory, plots, withoutPeers }: BesideOptions): Promise<void> {
  const problem = withoutPeers ? '--without-peers' : await installPeers()
  if (problem) process.stderr.write(`ALL PEERS ARE MISSING: ${problem}\n`)
  const database = await openDatabase(process.env.TEST_DATABASE_URL)
  if (database.pid) moveToLoadCore(database.pid)
  const environment = productionEnvironment(database.url)
  const running: Child[] = []
  try {
    const people = await givenSignedIn(environment, Math.min(peopleCount, most))
    const requests = people.map(({ email, refreshToken, toAccessToken }) =>
      asBytes.gatedGet({ email, refreshToken, accessToken: toAccessToken() }),
    )
    const contenders: Contender[] = []
    const add = (name: string, child: Child, own: string[]) => {
      running.push(child)
      contenders.push({ name, child, requests: own, steps: [], left: false })
    }
    add('bare Hono', await startStage('bare', environment), requests.slice(0, 1))
    add('ours', await startServer(environment, { pin: true, log: join(directory, 'server.log') }), requests)
    for (const name of problem ? [] : ['Better Auth', 'Fastify']) {
      const peer = await startPeer(name, database.url)
      if ('missing' in peer) process.stderr.write(`${peer.missing}\n`)
      else add(name, peer, [asBytes.get('/gated', peer.person)])
    }
    for (const { child, requests: own } of contenders)
      await runLoad({ port: child.port, connections, seconds: Math.min(warmUpSeconds, seconds * 2), requests: own })
    for (const rate of most < 1_000 ? [most] : rates.filter((one) => one <= most))
      for (const contender of contenders.filter(({ left }) => !left)) await take(contender, rate, seconds)
    report(contenders, { seconds, most, plots })
  } finally {
    await Promise.all(running.map((child) => child.stop()))
    await database.close()
  }
}

async function take(contender: Contender, rate: number, seconds: number): Promise<void> {
  const { child, requests, steps } = contender
  const used = coreSeconds(child.pid)
  const outcome = await runLoad({ port: child.port, connections, seconds, requests, rate })
  const { perSecond, p50, p95, p99, failed } = outcome
  steps.push({
    rate,
    perSecond,
    p50,
    p95,
    p99,
    failed,
    core: (coreSeconds(child.pid) - used) / outcome.seconds,
    generator: outcome.generatorSeconds / outcome.seconds,
  })
  contender.left = p95 > hopelessMs || Number.isNaN(p95)
}

/** The highest rate up to which every step was answered in time. */
function heldBy(steps: Step[]): Step | undefined {
  const missed = steps.findIndex(({ p95, failed }) => !(p95 <= goalMs) || failed > 0)
  return steps[(missed === -1 ? steps.length : missed) - 1]
}

function report(
  contenders: Contender[],
  { seconds, most, plots }: Pick<BesideOptions, 'seconds' | 'most' | 'plots'>,
): void {
  const ms = (figure: number) => `${figure.toFixed(2)} ms`
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`
  const rows = contenders.map(({ name, child, steps }) => {
    const held = heldBy(steps)
    const next = steps[(held ? steps.indexOf(held) : -1) + 1]
    return [
      name,
      held ? held.rate.toLocaleString('en') : 'none',
      ...(held
        ? [ms(held.p50), ms(held.p95), ms(held.p99), percent(held.core), percent(held.generator)]
        : ['', '', '', '', '']),
      next
        ? `${next.rate.toLocaleString('en')}: ${ms(next.p95)}${next.failed ? `, ${next.failed} failed` : ''}`
        : 'no higher was tried',
      `${residentMegabytes(child.pid).toFixed(0)} MB`,
    ]
  })
  const command = `bun run bench:load beside --seconds ${seconds} --most ${most}`
  process.stdout.write(`${provenance(command)}\n\n`)
  process.stdout.write(
    `${toTable(
      [
        'server',
        `held at p95 ≤ ${goalMs} ms, /s`,
        'p50',
        'p95',
        'p99',
        'of its core',
        'generator, of its core',
        'the next rate: p95',
        'memory',
      ],
      rows,
    )}\n`,
  )
  mkdirSync(plots, { recursive: true })
  writeFileSync(
    join(plots, 'beside.svg'),
    toSvg({
      title: 'Gated GET on one core: p95 from when a request was due',
      subtitle: `open loop over ${connections} connections, ${seconds} s a step, all servers in turn`,
      x: { label: 'requests a second' },
      y: { label: 'p95, ms', log: true },
      levels: [{ y: goalMs, label: `${goalMs} ms` }],
      series: contenders.map(({ name, steps }) => ({
        name,
        marked: true,
        points: steps.map(({ rate, p95 }) => [rate, p95] as const),
      })),
    }),
  )
}
