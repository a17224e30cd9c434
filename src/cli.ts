import { randomBytes } from 'node:crypto'
import { createApp } from './app.ts'
import { toWitness, verifyAudit } from './audit/verify.ts'
import { createSuperadmin } from './auth/registration.ts'
import { type Config, ConfigError, loadConfig } from './config.ts'
import { diagnose } from './doctor.ts'
import { type EmbeddedPostgres, openEmbeddedPostgres } from './embedded-postgres.ts'
import { AppError } from './errors.ts'
import { Email } from './http/text.ts'
import { withLocalSecrets } from './local-secrets.ts'
import { createLogger } from './logger.ts'
import { migrate } from './migrate.ts'
import { type OpenDeps, openDeps } from './open-deps.ts'
import { jobs, readJobRuns, runJobNow } from './ops/jobs.ts'
import { openApiDocument } from './ops/openapi.ts'
import { aborted, serve } from './server.ts'

type Invocation = {
  environment: Record<string, string | undefined>
  options: { email?: string; 'password-stdin'?: boolean; checkpoint?: string }
  /** What follows the command, e.g. `run seal-audit`. */
  args: string[]
  dataDirectory: string
  compiled: boolean
  print: (line: string) => void
}
type Command = (invocation: Invocation) => Promise<number>

/** What the program can do; each answers with its exit code. */
export const commands: Record<string, Command> = {
  serve: runServer,
  migrate: runMigrate,
  seed: runMigrate,
  'create-admin': runCreateAdmin,
  doctor: runDoctor,
  jobs: runJobs,
  audit: runAudit,
  openapi: runOpenApi,
  healthcheck: runHealthcheck,
}

/** The commands that take words after their name. */
export const takesArguments: ReadonlySet<string> = new Set(['jobs', 'audit'])

async function runServer(invocation: Invocation): Promise<number> {
  const { config, database } = await prepare(invocation)
  const { print } = invocation
  const log = createLogger({ level: config.logLevel })
  const stop = signalToStop()
  process.on('uncaughtException', (error) => log.error({ err: error }, 'uncaught exception'))
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'))
  try {
    if (!config.production) await migrate(toMigration(config, print))
    const server = await serve(config, log, stop)
    if (config.production) log.info({ url: server.url }, 'serving')
    else
      print(`
MANAS360 is serving on ${server.url}
  reference   ${server.url}/docs
  superadmin  ${invocation.compiled ? 'manas360' : 'bun src/main.ts'} create-admin --email you@example.com
  stop        Ctrl-C
`)
    await aborted(stop)
    await server.stop()
    return 0
  } catch (error) {
    // Asked to stop while the database was still being waited for.
    if (stop.aborted) return 0
    throw error
  } finally {
    await database?.stop()
  }
}

/** Aborts at the first SIGTERM, SIGINT or SIGHUP; a second one ends the process at once. */
function signalToStop(): AbortSignal {
  const controller = new AbortController()
  let askedAt: number | undefined
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(name, () => {
      // One Ctrl-C comes twice under npx and bun run: from the terminal, and passed on by them.
      const isEcho = name === 'SIGINT' && askedAt !== undefined && performance.now() - askedAt < 500
      if (askedAt !== undefined && !isEcho) process.exit(1)
      askedAt ??= performance.now()
      controller.abort()
    })
  return controller.signal
}

async function runMigrate(invocation: Invocation): Promise<number> {
  const { config, database } = await prepare(invocation)
  try {
    await migrate(toMigration(config, invocation.print))
    return 0
  } finally {
    await database?.stop()
  }
}

async function runCreateAdmin(invocation: Invocation): Promise<number> {
  const { options, print } = invocation
  const email = Email.safeParse(options.email)
  if (!email.success) {
    print('create-admin needs --email with an e-mail address, e.g. create-admin --email you@example.com')
    return 64
  }
  const generated = options['password-stdin'] ? null : randomBytes(18).toString('base64url')
  const password = generated ?? (await Bun.stdin.text()).replace(/\r?\n$/, '')
  return withDeps(invocation, async (deps) => {
    try {
      await createSuperadmin(deps, email.data, password)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      print(error.errors?.map(({ message }) => message).join(' ') || error.detail)
      return 1
    }
    print(`Superadmin ${email.data} is ready.`)
    if (generated) print(`Password (shown once): ${generated}`)
    return 0
  })
}

async function runDoctor(invocation: Invocation): Promise<number> {
  let prepared: Prepared
  try {
    prepared = await prepare(invocation)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) invocation.print(`✗ configuration: ${problem}`)
    return 1
  }
  try {
    return (await diagnose(prepared.config, invocation.print)) ? 0 : 1
  } finally {
    await prepared.database?.stop()
  }
}

async function runJobs(invocation: Invocation): Promise<number> {
  const [verb, name, ...rest] = invocation.args
  const { print } = invocation
  if (rest.length > 0 || (verb !== undefined && verb !== 'run') || (verb === 'run' && !name)) {
    print('Usage: jobs, or jobs run NAME')
    return 64
  }
  return withDeps(invocation, async (deps) => {
    if (name) {
      const result = await runJobNow(deps, name)
      print(`${name}: ${result === undefined ? 'another instance is at it' : `done ${JSON.stringify(result ?? '')}`}`)
      return 0
    }
    const runs = new Map((await readJobRuns(deps)).map((run) => [run.name, run]))
    for (const job of jobs) {
      const run = runs.get(job.name)
      print(
        `${job.name.padEnd(18)} every ${job.everySeconds} s   ${run ? `${run.outcome} at ${(run.finishedAt ?? run.startedAt).toISOString()}, ${Math.round(run.milliseconds ?? 0)} ms` : 'never ran'}`,
      )
    }
    return 0
  })
}

async function runAudit(invocation: Invocation): Promise<number> {
  const { args, options, print } = invocation
  if (args.join(' ') !== 'verify') {
    print('Usage: audit verify [--checkpoint FILE]')
    return 64
  }
  const witness = options.checkpoint === undefined ? null : toWitness(await Bun.file(options.checkpoint).json())
  return withDeps(invocation, async (deps) => {
    const verdict = await verifyAudit(
      deps,
      witness,
      (rows) => rows % 100_000 < 5_000 && process.stderr.write(`\r${rows} rows verified`),
    )
    print(
      verdict.ok
        ? `The audit trail is whole: ${verdict.rows} rows in ${verdict.checkpoints} checkpoints, ${verdict.unsealed} not sealed yet.`
        : `The audit trail was tampered with: ${verdict.fault}.`,
    )
    return verdict.ok ? 0 : 1
  })
}

async function runOpenApi(invocation: Invocation): Promise<number> {
  return withDeps(invocation, async (deps) => {
    invocation.print(JSON.stringify(await openApiDocument(createApp(deps), deps.config.publicUrl), null, 2))
    return 0
  })
}

async function runHealthcheck({ environment, print }: Invocation): Promise<number> {
  const url = `http://127.0.0.1:${environment.PORT || 3000}/live`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    if (response.ok) return 0
    print(`${url} answered ${response.status}`)
  } catch (error) {
    print(`${url} does not answer: ${error instanceof Error ? error.message : error}`)
  }
  return 1
}

async function withDeps(invocation: Invocation, use: (deps: OpenDeps) => Promise<number>): Promise<number> {
  const { config, database } = await prepare(invocation)
  try {
    if (!config.production) await migrate(toMigration(config, () => {}))
    const deps = await openDeps({ ...config, poolMin: 1, poolMax: 2 }, createLogger({ level: 'warn' }))
    try {
      return await use(deps)
    } finally {
      await deps.close(5)
    }
  } finally {
    await database?.stop()
  }
}

type Prepared = { config: Config; database: EmbeddedPostgres | null }

/** The configuration and, without DATABASE_URL outside production, a PostgreSQL of our own: joined if it runs, else started. */
async function prepare({ environment, dataDirectory, compiled, print }: Invocation): Promise<Prepared> {
  const complete = withLocalSecrets(environment, dataDirectory)
  if (environment.DATABASE_URL || environment.NODE_ENV === 'production')
    return { config: loadConfig(complete), database: null }
  if (compiled)
    throw new ConfigError([
      'DATABASE_URL: is required; the compiled binary brings no PostgreSQL of its own. Set it to postgres://user:password@host:5432/database',
    ])
  // Bad variables are named before anything is started.
  loadConfig({ ...complete, DATABASE_URL: 'postgres://127.0.0.1/manas360' })
  const database = await openEmbeddedPostgres({ dataDir: `${dataDirectory}/postgres`, onProgress: print })
  try {
    return { config: loadConfig({ ...complete, DATABASE_URL: database.url }), database }
  } catch (error) {
    await database.stop()
    throw error
  }
}

function toMigration(config: Config, log: (line: string) => void) {
  const serverRole = decodeURIComponent(new URL(config.databaseUrl).username) || undefined
  return { url: config.migrationUrl, serverRole, ssl: config.databaseSsl, log }
}
