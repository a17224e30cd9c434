import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { busySeconds, socketMegabytes } from './cores.ts'
import { openDatabase } from './database.ts'
import { productionEnvironment } from './environment.ts'
import { boundedLatencies } from './latencies.ts'
import {
  type Child,
  coreSeconds,
  freePort,
  moveToLoadCore,
  pinned,
  residentMegabytes,
  startServer,
  startStage,
} from './processes.ts'
import { megabytesOf } from './soak-samples.ts'
import { type Crowd, usualShares, type Window } from './users-client.ts'
import { type Moment, reportUsers, type UsersOptions } from './users-report.ts'
import { givenSignedIn, type SignedIn } from './users-setup.ts'

/**
 * The most connections of a process; the system's limit here is 20,000 open files, and connections are spread at
 * random.
 */
const mostConnections = 17_500
const loginsPerSecond = 1
const windowMs = 5_000
/** An access token is valid for 15 minutes, and only some users refresh it. */
const mostSeconds = 800

/**
 * The replaced system's own test: users who arrive over a minute and stay, each on a connection of its own, against
 * server processes that share one port and one core; clients and PostgreSQL have the other.
 */
export async function users(options: UsersOptions): Promise<void> {
  const { directory } = options
  if (options.arriveSeconds + options.staySeconds > mostSeconds)
    throw new Error(`--arrive and --stay may be ${mostSeconds} seconds together: access tokens live no longer`)
  const database = await openDatabase(process.env.TEST_DATABASE_URL, { max_connections: '200' })
  if (database.pid) moveToLoadCore(database.pid)
  const processes = Math.ceil(options.users / mostConnections)
  const port = await freePort()
  const environment = {
    ...productionEnvironment(database.url),
    PORT: `${port}`,
    REUSE_PORT: 'true',
    DB_POOL_MIN: '1',
    DB_POOL_MAX: '10',
  }
  const servers: (Child & { log: string })[] = []
  try {
    progress(`${options.users} accounts with sessions …`)
    const people = await givenSignedIn({ ...environment, PORT: `${await freePort()}` }, options.users)
    progress(`${processes} server processes on port ${port} …`)
    for (let i = 0; i < processes; i++) {
      const log = join(directory, `server-${i + 1}.log`)
      writeFileSync(log, '')
      const server = options.bare
        ? startStage('bare', { STAGE_PORT: `${port}` })
        : startServer(environment, { pin: true, log })
      servers.push({ ...(await server), log })
    }
    const rest = servers.map(({ pid }) => residentMegabytes(pid))
    const moments: Moment[] = []
    const startAt = Date.now() + 3_000 + options.users / 20
    const before = servers.map(({ pid }) => coreSeconds(pid))
    progress('the users arrive …')
    const windows = await runCrowds({ people, processes, port, startAt, options }, (window, index) =>
      moments.push({
        ...window,
        client: index,
        servers: servers.map(({ pid }) => ({ coreSeconds: coreSeconds(pid), residentMb: residentMegabytes(pid) })),
        busy: busySeconds(),
        socketMb: socketMegabytes(),
      }),
    )
    writeFileSync(join(directory, 'moments.json'), JSON.stringify(moments))
    const all = boundedLatencies()
    for (const window of windows) all.addPacked(window.latencies)
    reportUsers({
      options,
      processes,
      all,
      moments,
      serverSeconds: servers.map(({ pid }, index) => coreSeconds(pid) - (before[index] ?? 0)),
      restMb: rest,
      logMb: servers.reduce((sum, { log }) => sum + megabytesOf(log), 0),
    })
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    await database.close()
  }
}

type Crowds = { people: SignedIn[]; processes: number; port: number; startAt: number; options: UsersOptions }

/** Runs the clients to their end. @returns all windows of all */
async function runCrowds(
  { people, processes, port, startAt, options }: Crowds,
  onWindow: (window: Window, client: number) => void,
): Promise<Window[]> {
  mkdirSync(options.directory, { recursive: true })
  const windows: Window[] = []
  await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const own = people.filter((_, at) => at % processes === index)
      const file = join(options.directory, `users-${index + 1}.tsv`)
      writeFileSync(
        file,
        own.map(({ email, toAccessToken, refreshToken }) => `${email}\t${toAccessToken()}\t${refreshToken}\n`).join(''),
      )
      const crowd: Crowd = {
        port,
        addresses: [1, 2, 3, 4].map((last) => `127.0.${index + 1}.${last}`),
        file,
        startAt,
        arriveMs: options.arriveSeconds * 1000,
        stayMs: options.staySeconds * 1000,
        pauseMs: (options.users / options.rate) * 1000,
        shares: options.bare ? { me: 0, refresh: 0 } : usualShares,
        loginsPerSecond: options.bare ? 0 : loginsPerSecond / processes,
        windowMs,
      }
      const child = Bun.spawn(pinned(1, [process.execPath, join(import.meta.dir, 'users-client.ts')]), {
        stdin: Buffer.from(JSON.stringify(crowd)),
        stdout: 'pipe',
        stderr: 'inherit',
      })
      for await (const line of linesOf(child.stdout)) {
        const window: Window = JSON.parse(line)
        windows.push(window)
        onWindow(window, index)
      }
      if ((await child.exited) !== 0) throw new Error('a client failed')
    }),
  )
  return windows
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true })
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    yield* lines
  }
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}
