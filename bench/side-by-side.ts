import type { Effort } from './chain-costs.ts'
import { compareLogins } from './logins.ts'
import { installPeers, type Peer, startPeer } from './peers.ts'
import { type Child, residentMegabytes, startServer, startStage } from './processes.ts'
import { compareReads } from './reads.ts'
import { atLeast, type Figure, plain } from './report.ts'
import { asBytes, createClient, type Person } from './requests.ts'
import { type Contender, ratio, settled, show, takeTurns, toContender } from './rounds.ts'
import { median } from './statistics.ts'

type Environment = Record<string, string> & { DATABASE_URL: string; OPS_TOKEN: string }
export type Setting = { environment: Environment; people: Person[]; effort: Effort; compiled: string | null }

const connections = 64
const gates = (port: number, requests: string[]) => ({ port, connections, requests })

/**
 * Compares this service with bare Hono, Fastify and Better Auth in one run: the server on one core, load and PostgreSQL
 * on the other.
 */
export async function compareWithPeers(setting: Setting): Promise<Figure[]> {
  const { environment } = setting
  const problem = await installPeers()
  const running: Child[] = []
  const missing: string[] = problem ? [`ALL PEERS: ${problem}`] : []
  const peers = new Map<string, Peer>()
  try {
    for (const name of problem ? [] : ['Fastify', 'Better Auth']) {
      const peer = await startPeer(name, environment.DATABASE_URL)
      if ('missing' in peer) missing.push(peer.missing)
      else peers.set(name, peer)
    }
    running.push(...peers.values())
    const bare = await startStage('bare', environment)
    running.push(bare)
    const ours = await startServer(environment, { pin: true })
    running.push(ours)
    const atRest = await restOf(ours.pid)
    const { login } = createClient(ours.port, environment.OPS_TOKEN)
    const [first] = setting.people
    if (!first) throw new Error('nobody is there')
    const person = await login(first)
    const figures = [
      ...(await compareGatedGets({ bare, ours, person, peers, setting })),
      ...(await compareReads(ours, person, setting)),
      ...(await compareRefreshes(ours, login, peers.get('Fastify'), setting)),
      ...(await compareLogins(ours, setting, peers.get('Fastify'))),
      memory('ours, sources: resident at rest, under load', atRest, residentMegabytes(ours.pid)),
    ]
    for (const peer of peers.values())
      figures.push(plain(`${peer.name}: resident under load`, `${residentMegabytes(peer.pid).toFixed(0)} MB`))
    for (const reason of missing) figures.unshift(plain('!!! A PEER IS MISSING: its ratios are not there !!!', reason))
    return figures
  } finally {
    await Promise.all(running.map((child) => child.stop()))
  }
}

async function restOf(pid: number): Promise<number> {
  await Bun.sleep(3_000)
  return residentMegabytes(pid)
}

function memory(what: string, rest: number, load: number): Figure {
  return {
    what,
    figure: `${rest.toFixed(0)}, ${load.toFixed(0)} MB`,
    goal: '≤ 60, ≤ 100 MB',
    met: rest <= 60 && load <= 100,
  }
}

type Gated = { bare: Child; ours: Child; person: Person; peers: Map<string, Peer>; setting: Setting }

async function compareGatedGets({ bare, ours, person, peers, setting }: Gated): Promise<Figure[]> {
  const request = asBytes.gatedGet(person)
  const [hono, whole] = [
    toContender('bare Hono', bare.pid, gates(bare.port, [request])),
    toContender('ours', ours.pid, gates(ours.port, [request])),
  ] as const
  const others = [...peers.values()].map((peer) =>
    toContender(peer.name, peer.pid, gates(peer.port, [asBytes.get('/gated', peer.person)])),
  )
  const { rounds, round } = setting.effort
  await takeTurns([hono, whole, ...others], round / 2, () => whole.warm.length >= rounds && hono.warm.length >= rounds)
  return [
    ...[hono, whole, ...others].map((one) => plain(`gated GET, ${one.name}: of a core, warm`, show(settled(one)))),
    atLeast('gated GET : bare Hono, after 150,000 requests', ratio(settled(whole), settled(hono)), 0.7),
    atLeast('gated GET : bare Hono, within the first 100,000', ratio(median(whole.cold), median(hono.cold)), 0.6),
    ...others.map((one) =>
      atLeast(`gated GET : ${one.name}`, ratio(settled(whole), settled(one)), one.name === 'Fastify' ? 5 : 6),
    ),
  ]
}

/** So many refreshes of both servers are not measured: until then compiling them takes a third of the time of ours. */
const refreshesToWarmUp = 15_000

/** Of chains of refreshes, one and then sixteen at once: each begins again in every round, with the token of a new log-in. */
async function compareRefreshes(
  ours: Child,
  login: (person: Person) => Promise<Person>,
  peer: Peer | undefined,
  { people, effort }: Setting,
): Promise<Figure[]> {
  async function refresh(name: string, child: Child, signedIn: Person[]): Promise<Contender> {
    const load = { port: child.port, connections: signedIn.length, requests: signedIn.map(asBytes.refresh) }
    const contender = toContender(name, child.pid, { ...load, rotating: true })
    await takeTurns([contender], effort.round, (rounds) => rounds >= 1)
    return contender
  }
  const own = async (chains: number) => refresh('ours', ours, await Promise.all(people.slice(0, chains).map(login)))
  const their =
    peer && (async (chains: number) => refresh(peer.name, peer, await inChains(chains, () => signInAt(peer))))
  for (const one of their ? [own, their] : [own])
    for (let answered = 0; answered < refreshesToWarmUp; ) answered += (await one(16)).answered
  const figures: Figure[] = []
  for (const chains of [1, 16]) {
    const [ownMicros, theirMicros]: [number[], number[]] = [[], []]
    for (let round = 0; round < Math.min(effort.rounds, 6); round++) {
      ownMicros.push(...(await own(chains)).micros)
      if (their) theirMicros.push(...(await their(chains)).micros)
    }
    const [ourMedian, theirMedian] = [median(ownMicros), median(theirMicros)]
    figures.push(
      plain(
        `refresh, ${chains} at once: of a core, ours and Fastify with pg`,
        `${show(ourMedian)}, ${show(theirMedian)}`,
      ),
      atLeast(`refreshes, ${chains} at once : Fastify with pg`, ratio(ourMedian, theirMedian), 1),
    )
  }
  return figures
}

const inChains = <T>(chains: number, signIn: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: chains }, signIn))

async function signInAt({ port, person }: Peer): Promise<Person> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: person.email, password: 'seven quiet herons at dawn' }),
  })
  return { ...person, ...((await response.json()) as Omit<Person, 'email'>) }
}
