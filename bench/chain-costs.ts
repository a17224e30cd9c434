import { findRedisServer, startRedisServer } from '../scripts/cluster/redis-server.ts'
import { type Child, coreSeconds, runLoad, startServer, startStage } from './processes.ts'
import type { Figure } from './report.ts'
import { median } from './statistics.ts'

/** The duration of a measurement, in seconds. */
export type Effort = {
  warmUp: number
  round: number
  rounds: number
  stageRound: number
  storm: number
  rates: number
  starts: number
}

type Environment = Record<string, string>
type Target = Child & { name: string; perSecond: number[]; micros: number[] }

const connections = 64

/**
 * Alternates the targets in rounds, so that other load of the machine affects all alike. The first round warms up and
 * is not counted.
 */
async function alternate(
  targets: Target[],
  request: string,
  { warmUp, seconds, rounds }: { warmUp: number; seconds: number; rounds: number },
): Promise<void> {
  for (let round = 0; round <= rounds; round++)
    for (const target of targets) {
      const used = coreSeconds(target.pid)
      const { answered, failed, perSecond } = await runLoad({
        port: target.port,
        connections,
        seconds: round === 0 ? warmUp : seconds,
        requests: [request],
      })
      if (failed > 0) throw new Error(`${failed} requests to ${target.name} failed`)
      if (round === 0) continue
      target.perSecond.push(perSecond)
      target.micros.push(((coreSeconds(target.pid) - used) / answered) * 1e6)
    }
}

function toTarget(name: string, child: Child): Target {
  return { ...child, name, perSecond: [], micros: [] }
}

/**
 * Compares the whole server, with limits in memory and in Redis, with one bare route, each alone on its core.
 * Throughput is answers per second of processor time where the system reports that, because other load does not falsify
 * it.
 */
export async function compareWithBare(environment: Environment, request: string, effort: Effort): Promise<Figure[]> {
  const redis = findRedisServer() ? await startRedisServer() : null
  const targets: Target[] = []
  try {
    const bare = toTarget('bare Hono route', await startStage('bare', environment))
    targets.push(bare)
    const whole = toTarget('whole server', await startServer(environment, { pin: true }))
    targets.push(whole)
    const shared =
      redis && toTarget('with Redis', await startServer({ ...environment, REDIS_URL: redis.url }, { pin: true }))
    if (shared) targets.push(shared)
    await alternate(targets, request, { warmUp: effort.warmUp, seconds: effort.round, rounds: effort.rounds })
    const ratio = perCore(whole) / perCore(bare)
    const kept = shared && perCore(shared) / perCore(whole)
    return [
      { what: 'bare Hono route, the same answer', figure: show(bare), goal: '', met: null },
      { what: 'authorised, feature-gated GET, whole chain', figure: show(whole), goal: '', met: null },
      { what: 'ratio of the two', figure: ratio.toFixed(2), goal: '≥ 0.50 (aim 0.70)', met: ratio >= 0.5 },
      {
        what: 'the same GET with REDIS_URL',
        figure: shared ? show(shared) : 'no redis-server here',
        goal: '',
        met: null,
      },
      {
        what: 'ratio of it to the one without',
        figure: kept?.toFixed(2) ?? '',
        goal: '≥ 0.95',
        met: kept === null ? null : kept >= 0.95,
      },
    ]
  } finally {
    await Promise.all(targets.map((target) => target.stop()))
    await redis?.stop()
  }
}

/** Answers per second of a whole core. */
function perCore({ micros, perSecond }: Target): number {
  return Number.isFinite(median(micros)) ? 1e6 / median(micros) : median(perSecond)
}

function show(target: Target): string {
  const known = Number.isFinite(median(target.micros))
  return `${Math.round(perCore(target))}/s a core${known ? ` (${median(target.micros).toFixed(1)} µs), ${Math.round(median(target.perSecond))}/s seen` : ''}`
}

/** The cost of each middleware: the same bare handler behind none of them, the first, the first two, and so on. */
export async function measureSteps(environment: Environment, request: string, effort: Effort): Promise<string[][]> {
  const targets: Target[] = []
  // All targets run at once on one PostgreSQL, which has a hundred connections.
  const few = { ...environment, DB_POOL_MIN: '1', DB_POOL_MAX: '2' }
  const add = async (stage: 'bare' | number) => {
    const child = await startStage(stage, few)
    targets.push(toTarget(child.name, child))
    return child.steps
  }
  try {
    await add('bare')
    const steps = await add(0)
    for (let count = 1; count <= steps; count++) await add(count)
    targets.push(toTarget('guards and handler', await startServer(few, { pin: true })))
    await alternate(targets, request, { warmUp: effort.warmUp / 2, seconds: effort.stageRound, rounds: effort.rounds })
  } finally {
    await Promise.all(targets.map((target) => target.stop()))
  }
  const bare = median(targets[0]?.micros ?? [])
  return targets.map(({ name, micros }, index) => {
    const cost = median(micros)
    const before = median(targets[index - 1]?.micros ?? [])
    return [
      name,
      cost.toFixed(1),
      index === 0 ? '' : `${cost < before ? '−' : '+'}${Math.abs(cost - before).toFixed(1)}`,
      (bare / cost).toFixed(2),
    ]
  })
}
