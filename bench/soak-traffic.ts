import { asker, password } from './asker.ts'
import { boundedLatencies, type Latencies } from './latencies.ts'
import { createClient, type Person } from './requests.ts'
import type { MailSink } from './soak-mail.ts'
import { newcomerWhoJoins, newcomerWhoPays } from './soak-newcomers.ts'

/**
 * As many people as the rate keeps busy: each session is refreshed, or replaced by a log-in, long before its access
 * token ends.
 */
const peopleFor = (perSecond: number): number => Math.min(200, Math.ceil(perSecond * 2))
/**
 * The share of people who log in and do nothing else: another request in progress would be too late for the session
 * that ends.
 */
const loggingIn = 0.2
const newcomersEveryMs = 10_000

/** The number of requests of each kind in a hundred, and the people who send them. */
const shares = {
  'gated GET': 70,
  me: 15,
  entitlements: 5,
  refresh: 4,
  change: 2,
  insights: 2,
  login: 0.6,
  'unknown login': 0.4,
  'search people': 0.5,
  'search audit': 0.4,
  'reset mail': 0.1,
} as const
type Kind = keyof typeof shares

type Target = { port: number; opsToken: string }
type Service = Target & { mail: MailSink }
export type Traffic = {
  latencies: Latencies
  /** Failures since the start, by kind. */
  failures: Map<string, number>
  /** Newcomers who paid for a plan, and who joined and left a team; all erased themselves. */
  counts: { readonly paid: number; readonly joined: number }
  stop(): Promise<void>
}

/** Registers the people of the traffic. */
export async function givenPeople({ port, opsToken }: Target, perSecond: number): Promise<Person[]> {
  const client = createClient(port, opsToken)
  const people: Person[] = []
  while (people.length < peopleFor(perSecond))
    people.push(...(await Promise.all(Array.from({ length: 8 }, () => client.register()))))
  return people
}

/**
 * Starts mixed traffic of `people`, the last of whom is an administrator, at `perSecond` requests, each kind at its own
 * times whatever the answers; and every ten seconds one newcomer who pays in the sandbox and one who joins a team.
 */
export function startTraffic({ port, opsToken, mail }: Service, people: Person[], perSecond: number): Traffic {
  const latencies = boundedLatencies()
  const failures = new Map<string, number>()
  const underWay = new Set<Promise<void>>()
  const client = createClient(port, opsToken)
  const admin = people.at(-1) as Person
  const logInCount = Math.ceil(people.length * loggingIn)
  const [nextLogIn, next, nextRefresh] = [
    turnsOf(people.slice(0, logInCount)),
    turnsOf(people.slice(logInCount, -1)),
    // Everybody's turn comes once in many seconds, so no refresh token is used twice at once.
    turnsOf(people.slice(logInCount)),
  ]
  const ask = asker(port)
  let changes = 0

  /** A person whose session ended, as after a lost answer, logs in again; the failure counts all the same. */
  async function renew(person: Person): Promise<void> {
    try {
      Object.assign(person, await client.refresh(person))
    } catch (error) {
      Object.assign(person, await client.login(person))
      throw error
    }
  }

  async function logInAnew(person: Person): Promise<void> {
    const before = person.accessToken
    Object.assign(person, await client.login(person))
    await ask('POST', '/v1/auth/logout', before, 204)
  }

  const work: Record<Kind, () => Promise<unknown>> = {
    'gated GET': () => client.gatedGet(next()),
    me: () => ask('GET', '/v1/me', next().accessToken, 200),
    entitlements: () => ask('GET', '/v1/me/entitlements', next().accessToken, 200),
    refresh: () => renew(nextRefresh()),
    change: () => ask('PATCH', '/v1/me', next().accessToken, 200, { firstName: `Asha ${changes++}` }),
    insights: () => ask('GET', '/v1/dashboard/insights', next().accessToken, 200),
    login: () => logInAnew(nextLogIn()),
    'unknown login': () =>
      ask('POST', '/v1/auth/login', '', 401, { email: `${crypto.randomUUID()}@bench.test`, password }),
    'search people': () => ask('GET', '/v1/admin/users?limit=20', admin.accessToken, 200),
    'search audit': () => ask('GET', '/v1/admin/audit-logs?limit=20', admin.accessToken, 200),
    'reset mail': () => ask('POST', '/v1/auth/password/forgot', '', 202, { email: next().email }),
  }

  const counts = { paid: 0, joined: 0 }
  const means = { client, ask, port, mail }
  async function pay(): Promise<void> {
    await newcomerWhoPays(means)
    counts.paid++
  }
  async function join(): Promise<void> {
    await newcomerWhoJoins(means, next())
    counts.joined++
  }

  function begin(kind: string, dueAt: number, one: () => Promise<unknown>): void {
    const doing: Promise<void> = one()
      .then(
        () => latencies.add(kind, performance.now() - dueAt),
        (error: unknown) => {
          const why = `${kind}: ${error instanceof Error ? error.message.slice(0, 200) : error}`
          failures.set(why, (failures.get(why) ?? 0) + 1)
        },
      )
      .finally(() => underWay.delete(doing))
    underWay.add(doing)
  }

  const lanes = Object.entries(shares).map(([kind, share], index) => ({
    kind: kind as Kind,
    everyMs: 100_000 / (share * perSecond),
    // Spread, so that not all are due in the same millisecond.
    dueAt: performance.now() + index * 7,
  }))
  const newcomers = [
    { kind: 'newcomer who pays', one: pay, dueAt: performance.now() + 1_000 },
    { kind: 'newcomer who joins a team', one: join, dueAt: performance.now() + 6_000 },
  ]
  const timer = setInterval(() => {
    const now = performance.now()
    for (const lane of lanes)
      for (; lane.dueAt <= now; lane.dueAt += lane.everyMs) begin(lane.kind, lane.dueAt, work[lane.kind])
    for (const newcomer of newcomers)
      for (; newcomer.dueAt <= now; newcomer.dueAt += newcomersEveryMs)
        begin(newcomer.kind, newcomer.dueAt, newcomer.one)
  }, 2)

  return {
    latencies,
    failures,
    counts,
    async stop() {
      clearInterval(timer)
      await Promise.all(underWay)
    },
  }
}

function turnsOf(people: Person[]): () => Person {
  let turn = 0
  return () => people[turn++ % people.length] as Person
}
