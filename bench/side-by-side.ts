import { join } from 'node:path'
import type { Effort } from './chain-costs.ts'
import { installPeers, type Peer, startPeer } from './peers.ts'
import { type Child, pinned, residentMegabytes, startServer, startStage } from './processes.ts'
import type { Figure } from './report.ts'
import { asBytes, createClient, type Person } from './requests.ts'
import { type Contender, ratio, settled, show, takeTurns, toContender } from './rounds.ts'
import { median } from './statistics.ts'

type Environment = Record<string, string> & { DATABASE_URL: string; OPS_TOKEN: string }
export type Setting = { environment: Environment; people: Person[]; effort: Effort; compiled: string | null }

const connections = 64
const gates = (port: number, requests: string[]) => ({ port, connections, requests })
const atLeast = (what: string, value: number, goal: number): Figure => ({
  what,
  figure: value.toFixed(2),
  goal: `≥ ${goal.toFixed(2)}`,
  met: Number.isNaN(value) ? null : value >= goal,
})
export const plain = (what: string, figure: string): Figure => ({ what, figure, goal: '', met: null })

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
    const [person, ...people] = await Promise.all(
      setting.people.slice(0, 9).map(createClient(ours.port, environment.OPS_TOKEN).login),
    )
    if (!person) throw new Error('nobody is there')
    const figures = [
      ...(await compareGatedGets({ bare, ours, person, peers, setting })),
      ...(await compareReads(ours, person, setting)),
      ...(await compareRefreshes(ours, people, peers.get('Fastify'), setting)),
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

async function compareReads(ours: Child, person: Person, { effort }: Setting): Promise<Figure[]> {
  const [me, entitlements] = ['/v1/me', '/v1/me/entitlements'].map((path) =>
    toContender(path, ours.pid, { port: ours.port, connections: 16, requests: [asBytes.get(path, person)] }),
  ) as [Contender, Contender]
  await takeTurns([me, entitlements], effort.round / 2, (rounds) => rounds > effort.rounds)
  return [
    plain('GET /v1/me, GET /v1/me/entitlements: of a core', `${show(settled(me))}, ${show(settled(entitlements))}`),
    atLeast(
      'GET /v1/me : GET /v1/me/entitlements, answers a second',
      median(me.perSecond) / median(entitlements.perSecond),
      0.85,
    ),
  ]
}

async function compareRefreshes(
  ours: Child,
  people: Person[],
  peer: Peer | undefined,
  { effort }: Setting,
): Promise<Figure[]> {
  const chain = (name: string, child: Child, one: Person) =>
    toContender(name, child.pid, { port: child.port, connections: 1, requests: [asBytes.refresh(one)], rotating: true })
  const theirs: number[] = []
  const own: number[] = []
  // A chain of refreshes begins again in each round, with the token of a new log-in.
  for (const one of people.slice(0, Math.min(effort.rounds, 6))) {
    const mine = chain('ours', ours, one)
    await takeTurns([mine], effort.round, (rounds) => rounds >= 1)
    own.push(...mine.micros)
    if (!peer) continue
    const other = chain(peer.name, peer, await signInAt(peer))
    await takeTurns([other], effort.round, (rounds) => rounds >= 1)
    theirs.push(...other.micros)
  }
  return [
    plain('refresh: of a core, ours and Fastify with pg', `${show(median(own))}, ${show(median(theirs))}`),
    atLeast('refreshes : Fastify with pg', ratio(median(own), median(theirs)), 1),
  ]
}

async function signInAt({ port, person }: Peer): Promise<Person> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: person.email, password: 'seven quiet herons at dawn' }),
  })
  return { ...person, ...((await response.json()) as Omit<Person, 'email'>) }
}

async function compareLogins(ours: Child, { people, effort }: Setting, peer?: Peer): Promise<Figure[]> {
  const logins = (requests: string[], { port }: Child) => ({ port, connections: 4, requests })
  const mine = toContender('ours', ours.pid, logins(people.map(asBytes.login), ours))
  const other = peer && toContender(peer.name, peer.pid, logins([asBytes.login(peer.person)], peer))
  await takeTurns(other ? [mine, other] : [mine], effort.round, (rounds) => rounds >= Math.min(effort.rounds, 4))
  const hash = await hashMicros()
  const theirs = other ? settled(other) : Number.NaN
  return [
    plain(
      'log-in: of a core, ours, Fastify with argon2, a hash alone',
      [settled(mine), theirs, hash].map(show).join(', '),
    ),
    atLeast('log-ins : Fastify with npm argon2', ratio(settled(mine), theirs), 1.8),
    atLeast('log-ins : what the core hashes alone', ratio(settled(mine), hash), 0.85),
  ]
}

/** Processor time of one hash in a process that does nothing else, on the server's core. */
async function hashMicros(): Promise<number> {
  const child = Bun.spawn(pinned(0, [process.execPath, join(import.meta.dir, 'hash-alone.ts')]), {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  return Number(await new Response(child.stdout).text())
}
