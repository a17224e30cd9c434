import { readFileSync } from 'node:fs'
import { boundedLatencies, type Packed } from './latencies.ts'
import { asBytes } from './requests.ts'
import { createUserConnection, type UserConnection } from './user-connection.ts'

/**
 * A part of the virtual users, a process of its own: `bun bench/users-client.ts` reads a Crowd as JSON and prints a
 * Window, as a line of JSON, every few seconds. Each user has a connection, arrives, sends requests at times that do
 * not depend on answers, and leaves.
 */
export type Crowd = {
  port: number
  /** The local addresses of the connections, in turn. */
  addresses: string[]
  /** Lines of `email TAB access token TAB refresh token`. */
  file: string
  /** The arrival of the first user, by the machine's clock, in epoch milliseconds. */
  startAt: number
  arriveMs: number
  stayMs: number
  /** The mean time between a user's requests; each is between half of it and one and a half. */
  pauseMs: number
  /** Shares of the requests; the rest are gated GETs. */
  shares: { me: number; refresh: number }
  /** Further log-ins per second, of random users. */
  loginsPerSecond: number
  windowMs: number
}

/** The shares of the service's requests. */
export const usualShares = { me: 0.02, refresh: 0.01 }

/** The figures since the window before. */
export type Window = {
  /** Seconds since the first user arrived, at the window's end. */
  at: number
  open: number
  latencies: Packed
  failures: Record<string, number>
  /** Connections that ended before their user left; the user connects again. */
  lost: number
  /** Processor time of this process since its start, in seconds. */
  coreSeconds: number
  residentMb: number
  /** The delay of the latest request before it was written to the socket, in milliseconds: the generator's own. */
  late: number
  done: boolean
}

const ringMs = 65_536
const patienceMs = 30_000

async function main(): Promise<void> {
  const crowd: Crowd = await Bun.stdin.json()
  const people = readFileSync(crowd.file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [email = '', accessToken = '', refreshToken = ''] = line.split('\t')
      return { email, accessToken, refreshToken }
    })
  const latencies = boundedLatencies()
  const failures: Record<string, number> = {}
  let lost = 0
  let late = 0
  const count = (kind: string, ms: number, failure?: string) => {
    if (failure === undefined) latencies.add(kind, ms)
    else failures[`${kind}: ${failure}`] = (failures[`${kind}: ${failure}`] ?? 0) + 1
  }
  const onLost = () => lost++
  const users: UserConnection[] = people.map((person, index) =>
    createUserConnection({
      port: crowd.port,
      localAddress: crowd.addresses[index % crowd.addresses.length] ?? '127.0.0.1',
      person,
      count,
      onLost,
    }),
  )

  // A ring of milliseconds, each with a list of the users whose next request is due then.
  const first = new Int32Array(ringMs).fill(-1)
  const following = new Int32Array(users.length).fill(-1)
  const dueAt = new Float64Array(users.length)
  const leavesAt = new Float64Array(users.length)
  const offset = crowd.startAt - Date.now()
  const startAt = performance.now() + offset
  const schedule = (index: number, at: number) => {
    dueAt[index] = at
    const slot = Math.max(0, Math.floor(at - startAt)) % ringMs
    following[index] = first[slot] ?? -1
    first[slot] = index
  }
  const arrivals = users.map((_, index) => ({ index, at: startAt + Math.random() * crowd.arriveMs }))
  arrivals.sort((a, b) => a.at - b.at)
  let arrived = 0
  let tick = 0
  let left = 0

  function beginDue(now: number): void {
    for (let next = arrivals[arrived]; next && next.at <= now; next = arrivals[++arrived]) {
      leavesAt[next.index] = next.at + crowd.stayMs
      ask(next.index, next.at, now)
    }
    for (; tick <= now - startAt; tick++) {
      const slot = tick % ringMs
      let index = first[slot] ?? -1
      first[slot] = -1
      while (index !== -1) {
        const after = following[index] ?? -1
        ask(index, dueAt[index] ?? now, now)
        index = after
      }
    }
  }

  function ask(index: number, at: number, now: number): void {
    const user = users[index] as UserConnection
    if (at >= (leavesAt[index] ?? 0)) {
      left++
      user.leave()
      return
    }
    if (now - at > late) late = now - at
    const dice = Math.random()
    const { shares } = crowd
    user.ask(dice < shares.refresh ? 'refresh' : dice < shares.refresh + shares.me ? 'me' : 'gated GET', at)
    schedule(index, at + crowd.pauseMs * (0.5 + Math.random()))
  }

  let loginDueAt = startAt + Math.random() * 1000
  const loginEveryMs = 1000 / crowd.loginsPerSecond
  const logins = createUserConnection({
    port: crowd.port,
    localAddress: crowd.addresses[0] ?? '127.0.0.1',
    person: { email: '', accessToken: '', refreshToken: '' },
    count,
    onLost,
  })
  const endsAt = startAt + crowd.arriveMs + crowd.stayMs
  const timer = setInterval(() => {
    const now = performance.now()
    if (now < startAt) return
    beginDue(now)
    for (; crowd.loginsPerSecond > 0 && loginDueAt <= now && now < endsAt; loginDueAt += loginEveryMs) {
      const person = people[Math.floor(Math.random() * people.length)]
      if (person) logins.askFor('login', asBytes.login(person), loginDueAt)
    }
  }, 1)

  function tell(done: boolean): void {
    const { user, system } = process.cpuUsage()
    const window: Window = {
      at: (performance.now() - startAt) / 1000,
      open: users.reduce((sum, one) => sum + (one.isOpen() ? 1 : 0), 0),
      latencies: latencies.toPacked(),
      failures: { ...failures },
      lost,
      coreSeconds: (user + system) / 1e6,
      residentMb: process.memoryUsage.rss() / 1e6,
      late,
      done,
    }
    latencies.clear()
    for (const why of Object.keys(failures)) delete failures[why]
    lost = 0
    late = 0
    process.stdout.write(`${JSON.stringify(window)}\n`)
  }
  const telling = setInterval(() => tell(false), crowd.windowMs)
  while (left < users.length) await Bun.sleep(50)
  // Requests of users who have left are counted when they are answered, or at the timeout.
  const givenUpAt = performance.now() + patienceMs
  while (performance.now() < givenUpAt && users.some((user) => user.isBusy())) await Bun.sleep(50)
  for (const user of users) user.giveUp()
  clearInterval(timer)
  clearInterval(telling)
  tell(true)
  process.exit(0)
}

if (import.meta.main) await main()
