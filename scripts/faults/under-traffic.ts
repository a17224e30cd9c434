import type { Environment, Instance } from '../cluster/instance.ts'
import { type Network, openProxy } from '../cluster/tcp-proxy.ts'
import { call, describeFailure } from './call.ts'
import { type CaseOptions, type Outcome, withUndo } from './case.ts'
import { type Clients, password, shortRestMs, startClients } from './clients.ts'
import { type GatedFigures, startGated } from './gated.ts'
import { acknowledgedWrites, type Ledger } from './ledger.ts'
import type { Postgres } from './postgres.ts'
import type { Stand } from './stand.ts'
import { compare } from './truth.ts'
import { readiness, until } from './wait.ts'

type Server = Instance & { log: () => string }

/** The system that a fault is injected into: one server with its database, under clients with a ledger. */
export type Scene = {
  stand: Stand
  postgres: Postgres
  /** The database without the proxy in between. */
  databaseUrl: string
  /** The proxy between server and database. */
  network: Network
  server: () => Server
  clients: Clients
  /** Starts the server again, on its port. */
  restartServer(): Promise<void>
  untilReady(status: 200 | 503, what: string): Promise<void>
  /** Waits while the fault lasts. */
  hold(seconds: number): Promise<void>
}

type Plan = {
  environment?: Environment
  command?: string[]
  /** The case's own PostgreSQL. */
  postgres?: Postgres
  /** Headers of each client's requests. */
  headers?: () => Record<string, string>
  /** Starts the servers, instead of a single one. */
  start?(environment: Environment): Promise<Server>
  /** Requests per second that need no statement. */
  rate?: number
  /** Whether the fault ends the server, so that requests without a statement fail too. */
  stopsServer?: boolean
  /** Whether the fault is repeated until a client was in the middle of a request. */
  untilMet?: boolean
  /** Whether clients must see nothing but successes. */
  isInvisible?: boolean
  /** For invisible faults: an answer that some clients may get, as promised. */
  tells?: string
  /** Injects the fault once. @returns `performance.now()` when its cause ended; null where /ready does not show it */
  inject(scene: Scene, time: number): Promise<number | null>
  /** Further guarantees, checked after the fault. @returns the broken ones */
  judge?(scene: Scene): Promise<string[]>
  /** Further goals of time or size. @returns the missed ones */
  missed?(): string[]
}

/** Goals of the long form: ready again, and the slowest answer, which is the request's deadline and a second. */
const readyGoalMs = 2_000
const answerGoalMs = 9_000

/**
 * Runs a case: injects its fault `times` times, and on, where the case requires it, until a client was in the middle of
 * a request; then compares ledger and database.
 */
export function underTraffic(stand: Stand, { times, isShort }: CaseOptions, plan: Plan): Promise<Outcome> {
  return withUndo(async (defer) => {
    const { signal } = stand
    const postgres = plan.postgres ?? stand.postgres
    const databaseUrl = await stand.createDatabase(postgres)
    const network = await openProxy(databaseUrl)
    defer(network.close)
    const environment = { ...plan.environment, DATABASE_URL: network.url }
    const start = (own: Environment) =>
      plan.start?.({ ...environment, ...own }) ?? stand.startServer({ ...environment, ...own }, plan.command)
    let server = await start({})
    defer(() => server.kill())
    const bearer = await registerGated(server.url)
    const gated = startGated(
      () => server.url,
      () => bearer,
      plan.rate ?? (isShort ? 25 : 200),
    )
    defer(gated.stop)
    const { administrator } = stand
    const clients = startClients({
      address: () => server.url,
      clients: isShort ? 3 : 6,
      administrator,
      headers: plan.headers,
      restMs: isShort ? shortRestMs : 0,
    })
    defer(clients.abandon)
    const scene: Scene = {
      ...{ stand, postgres, databaseUrl, network, clients },
      server: () => server,
      async restartServer() {
        server = await start({ PORT: new URL(server.url).port })
      },
      untilReady: (status, what) =>
        until(async () => (await readiness(server.url)) === status, { seconds: 120, what, signal }),
      async hold(seconds) {
        await Bun.sleep(seconds * 1000)
        signal.throwIfAborted()
      },
    }
    await busy(clients, signal)
    if (!isShort) await scene.hold(2)
    const calm = gated.take()
    const recoveriesMs: number[] = []
    let injected = 0
    while (injected < times || (plan.untilMet && nobodyMetIt(clients.ledger) && injected < times + 20)) {
      await busy(clients, signal)
      const goneAt = await plan.inject(scene, injected++)
      await scene.untilReady(200, 'ready again by itself')
      if (goneAt !== null) recoveriesMs.push(Math.max(0, performance.now() - goneAt))
    }
    await busy(clients, signal)
    const during = gated.take()
    const ledger = await clients.stop()
    const truth = await compare(ledger, databaseUrl, server.url)
    const broken = [
      ...brokenBy(ledger, during, plan, isShort),
      ...(await verifyAudit(stand, databaseUrl)),
      ...((await plan.judge?.(scene)) ?? []),
    ]
    const says =
      broken.length + truth.lost.length + truth.doubled.length > 0 ? [`its log ends: ${endOf(server.log())}`] : []
    return {
      ...{ injected, acknowledged: acknowledgedWrites(ledger), ...truth, errors: ledger.errors },
      ...{ gated: { calm, during }, recoveriesMs, broken: [...broken, ...says] },
      missed: [...missedBy(ledger, recoveriesMs), ...(plan.missed?.() ?? [])],
    }
  })
}

/** Resolves with writes in progress, after some more were acknowledged. */
export async function busy({ ledger, inFlight }: Clients, signal: AbortSignal): Promise<void> {
  const enough = acknowledgedWrites(ledger) + 5
  const isBusy = () => acknowledgedWrites(ledger) >= enough && inFlight().writes > 0
  await until(isBusy, { seconds: 120, what: 'writes under way', signal, everyMs: 2 })
}

function nobodyMetIt({ errors }: Ledger): boolean {
  return errors.size === 0
}

/** Registers a person. @returns the access token, for requests that need no statement */
export async function registerGated(url: string): Promise<string> {
  return (await register<{ accessToken: string }>(url, 'gated')).accessToken
}

/** Registers a person outside the ledger. @throws Error when registration fails */
export async function register<T>(url: string, name: string): Promise<T & { email: string }> {
  for (let tries = 1; ; tries++) {
    const email = `${name}.${crypto.randomUUID()}@gated.test`
    const answer = await call(url, '/v1/auth/register', { json: { email, password } })
    if (typeof answer !== 'string' && answer.status === 201) return { email, ...(answer.body as T) }
    if (tries === 5) throw new Error(`nobody can register: ${describeFailure(answer)}`)
  }
}

function brokenBy(
  { burnt, errors }: Ledger,
  { failed }: GatedFigures,
  { stopsServer = false, isInvisible = false, tells }: Plan,
  isShort: boolean,
): string[] {
  const broken = burnt.map((what) => `logged out: ${what}`)
  for (const [what, count] of errors)
    if ((isInvisible && what !== tells && !(isShort && isOfLoad(what))) || /^(500|502|silent)/.test(what))
      broken.push(`${count} writes were answered: ${what}`)
  for (const [what, count] of failed)
    if (!stopsServer || what !== 'no connection')
      broken.push(`${count} requests without a statement were answered: ${what}`)
  return broken
}

/** Whether a server may also answer this on a busy machine. */
export const isOfLoad = (what: string): boolean => /^(503 overloaded|504 deadline-exceeded)$/.test(what)

/** Verifies the trail with the program's own command. */
export async function verifyAudit(stand: Stand, databaseUrl: string): Promise<string[]> {
  const { code, output } = await stand.run(['audit', 'verify'], { DATABASE_URL: databaseUrl })
  return code === 0 ? [] : [output]
}

function missedBy({ slowestMs }: Ledger, recoveriesMs: number[]): string[] {
  const slowest = Math.max(0, ...recoveriesMs)
  return [
    ...(slowest > readyGoalMs
      ? [`ready ${Math.round(slowest)} ms after the cause was gone, more than ${readyGoalMs}`]
      : []),
    ...(slowestMs > answerGoalMs ? [`a request took ${Math.round(slowestMs)} ms, more than ${answerGoalMs}`] : []),
  ]
}

const endOf = (log: string): string => log.trim().split('\n').slice(-5).join('\n')
