import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { hash } from '@node-rs/argon2'
import type { Effort } from './chain-costs.ts'
import { residentMegabytes, root, runLoad, startServer } from './processes.ts'
import type { Figure } from './report.ts'
import { asBytes, type Client, type Person } from './requests.ts'
import { median } from './statistics.ts'

type Environment = Record<string, string>

const cores = navigator.hardwareConcurrency
/** Milliseconds of a core for one hash on the machine that the goal was set for. */
const hashMs = 5.1
const loginGoal = (0.8 * cores * 1000) / hashMs
const getRate = 300
const getGoalMs = 10
const stormClients = 4

/** Authorised requests at a fixed rate while others log in without pause. */
export async function measureStorm(port: number, people: Person[], effort: Effort): Promise<Figure[]> {
  const gets = { port, connections: 64, requests: people.map(asBytes.gatedGet), rate: getRate }
  const logins = { port, connections: stormClients, requests: people.map(asBytes.login) }
  const calm = await runLoad({ ...gets, seconds: effort.storm / 4 }, { pin: false })
  const storm = runLoad({ ...logins, seconds: effort.storm + 2 }, { pin: false })
  await Bun.sleep(1_000)
  const busy = await runLoad({ ...gets, seconds: effort.storm }, { pin: false })
  const { perSecond } = await storm
  const show = ({ p50, p99, max }: typeof busy) =>
    `p99 ${p99.toFixed(1)} ms (p50 ${p50.toFixed(1)}, worst ${max.toFixed(1)})`
  const failed = busy.failed > 0 ? `, ${busy.failed} failed` : ''
  return [
    { what: `authorised GET at ${getRate}/s, nothing else`, figure: show(calm), goal: '', met: null },
    {
      what: `the same while ${stormClients} clients log in without pause (${Math.round(perSecond)}/s)`,
      figure: `${show(busy)}${failed}`,
      goal: `p99 ≤ ${getGoalMs} ms`,
      met: busy.p99 <= getGoalMs && busy.failed === 0,
    },
  ]
}

export async function measureRates(port: number, client: Client, people: Person[], effort: Effort): Promise<Figure[]> {
  const seconds = effort.rates
  const ceiling = await hashesPerSecond(seconds)
  await runLoad({ port, connections: cores * 4, seconds: 1, requests: people.map(asBytes.login) }, { pin: false })
  const logins = await runLoad(
    { port, connections: cores * 4, seconds, requests: people.map(asBytes.login) },
    { pin: false },
  )
  const sessions = await Promise.all(people.slice(0, cores * 4).map((person) => client.login(person)))
  const refreshLoad = {
    port,
    connections: sessions.length,
    seconds,
    requests: sessions.map(asBytes.refresh),
    rotating: true,
  }
  const refreshes = await runLoad(refreshLoad, { pin: false })
  for (const { failed } of [logins, refreshes]) if (failed > 0) throw new Error(`${failed} log-ins or refreshes failed`)
  return [
    {
      what: `argon2id m=19456 t=2 p=1, nothing else, ${cores} at once`,
      figure: `${Math.round(ceiling)}/s (${((cores * 1000) / ceiling).toFixed(1)} ms of a core each)`,
      goal: '',
      met: null,
    },
    {
      what: `log-ins, ${cores} cores shared with PostgreSQL and the load`,
      figure: `${Math.round(logins.perSecond)}/s, ${Math.round((100 * logins.perSecond) / ceiling)} % of that`,
      goal: `≥ ${Math.round(loginGoal)}/s (80 % of ${cores} cores ÷ ${hashMs} ms)`,
      met: logins.perSecond >= loginGoal,
    },
    {
      what: `refreshes, ${sessions.length} sessions at once`,
      figure: `${Math.round(refreshes.perSecond)}/s`,
      goal: '',
      met: null,
    },
  ]
}

/** Hashes per second: the bound of log-ins that cost nothing but their hash. */
async function hashesPerSecond(seconds: number): Promise<number> {
  const start = performance.now()
  let hashes = 0
  async function hashOn(): Promise<void> {
    while (performance.now() - start < seconds * 1000) {
      await hash('seven quiet herons at dawn', { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
      hashes++
    }
  }
  await Promise.all(Array.from({ length: cores }, hashOn))
  return (hashes * 1000) / (performance.now() - start)
}

/** Statements of one request of each kind, by the server's counter. */
export async function countStatements(client: Client, person: Person): Promise<Figure[]> {
  let current = await client.login(person)
  const kinds: [string, number, () => Promise<unknown>][] = [
    ['authorised, feature-gated GET', 0, () => client.gatedGet(current)],
    ['log-in', 3, () => client.login(person)],
    ['refresh', 2, async () => (current = await client.refresh(current))],
    ['registration', 2, () => client.register()],
  ]
  const asking = await countBlocks(client, async () => {})
  const figures: Figure[] = []
  for (const [what, goal, work] of kinds) {
    await work()
    const each = ((await countBlocks(client, work)) - asking) / blockSize
    figures.push({
      what: `statements: ${what}`,
      figure: `${each}`,
      goal: goal === 0 ? '0' : `≤ ${goal}`,
      met: each <= goal,
    })
  }
  return figures
}

const blockSize = 5

/** Statements during `work`, in blocks. Those of jobs fall into few of the blocks and do not change the median. */
async function countBlocks(client: Client, work: () => Promise<unknown>): Promise<number> {
  const counts: number[] = []
  for (let block = 0; block < 9; block++) {
    const before = await client.countStatements()
    for (let i = 0; i < blockSize; i++) await work()
    counts.push((await client.countStatements()) - before)
  }
  return median(counts)
}

/** The time from spawning to the first 200 of /ready, and the memory then, from source and compiled. */
export async function measureStart(environment: Environment, directory: string, effort: Effort): Promise<Figure[]> {
  const programs: [string, string[] | undefined][] = [['sources', undefined]]
  const compiled = await buildProgram(directory)
  if (compiled) programs.push(['compiled', [compiled, 'serve']])
  const figures: Figure[] = []
  for (const [name, command] of programs) {
    const times: number[] = []
    let megabytes = Number.NaN
    for (let start = 0; start < effort.starts; start++) {
      const server = await startServer(environment, { pin: false, command })
      times.push(server.readyMs)
      if (start === 0) {
        await Bun.sleep(3_000)
        megabytes = residentMegabytes(server.pid)
      }
      await server.stop()
    }
    const ready = median(times)
    figures.push({
      what: `ready after its start, ${name}`,
      figure: `${Math.round(ready)} ms`,
      goal: '< 500 ms (aim 100)',
      met: ready < 500,
    })
    figures.push({
      what: `resident memory at rest, ${name}`,
      figure: `${Math.round(megabytes)} MB`,
      goal: '≤ 60 MB',
      met: Number.isNaN(megabytes) ? null : megabytes <= 60,
    })
  }
  return figures
}

/** The path of the compiled program, built in `directory` at the first call; null where it cannot be built. */
export async function buildProgram(directory: string): Promise<string | null> {
  const outfile = join(directory, 'manas360')
  if (existsSync(outfile)) return outfile
  const build = Bun.spawn([process.execPath, join(root, 'scripts/build.ts'), '--outfile', outfile], {
    stdout: 'ignore',
    stderr: 'inherit',
  })
  return (await build.exited) === 0 ? outfile : null
}
