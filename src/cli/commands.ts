import { mountRoutes } from '../app.ts'
import type { CheckpointLine } from '../audit/checkpoints.ts'
import { describeVerdict, toWitness, verifyAudit } from '../audit/verify.ts'
import { ConfigError } from '../config/config.ts'
import { toReachableHost } from '../config/listening-address.ts'
import { requireFreeAddress } from '../config/listening-check.ts'
import { jobs, readJobRuns, runJobNow, UnknownJobError } from '../jobs/runner.ts'
import { createLogger } from '../log/logger.ts'
import { findFault } from '../ops/liveness.ts'
import { openApiDocument } from '../ops/openapi.ts'
import { aborted, serve } from '../server.ts'
import type { OpenDeps } from '../services.ts'
import { type Invocation, withDeps } from './command.ts'
import { runCreateAdmin } from './create-admin.ts'
import { diagnose } from './doctor.ts'
import { explained, migrateSchema, type Prepared, prepare, readConfig } from './environment.ts'
import { runKeys } from './keys.ts'
import { signalToStop } from './signals.ts'

type Command = (invocation: Invocation) => Promise<number>

/** What the program can do; each answers with its exit code. */
export const commands: Record<string, Command> = {
  serve: runServer,
  migrate: runMigrate,
  seed: runMigrate,
  'create-admin': runCreateAdmin,
  doctor: runDoctor,
  keys: runKeys,
  jobs: runJobs,
  audit: runAudit,
  openapi: runOpenApi,
  healthcheck: runHealthcheck,
}

/** The commands that take words after their name. */
const takesArguments: ReadonlySet<string> = new Set(['keys', 'jobs', 'audit'])
const optionsOf: Record<string, string[]> = {
  'create-admin': ['email', 'password-stdin', 'promote'],
  audit: ['checkpoint'],
  keys: ['algorithm'],
}

/** What is wrong with how a command was called, before it does anything; null when nothing is. */
export function judgeCall(name: string, args: string[], options: Record<string, unknown>): string | null {
  if (!Object.hasOwn(commands, name)) return `Unknown command: ${name}`
  if (args.length > 0 && !takesArguments.has(name))
    return `${name} takes nothing after it, but there is: ${args.join(' ')}`
  const foreign = Object.keys(options).find((option) => !optionsOf[name]?.includes(option))
  return foreign === undefined ? null : `${name} has no option --${foreign}`
}

async function runServer(invocation: Invocation): Promise<number> {
  const { config, database } = await prepare(invocation, requireFreeAddress)
  const { print } = invocation
  const log = createLogger({ level: config.logLevel })
  const stop = signalToStop()
  process.on('uncaughtException', (error) => log.error({ err: error }, 'uncaught exception'))
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'))
  try {
    if (!config.production) await migrateSchema(config, print)
    const target = { url: config.databaseUrl, variable: 'DATABASE_URL' } as const
    const server = await explained(target, () => serve(config, log, stop))
    if (config.production) log.info({ url: server.address }, 'serving')
    else
      print(`
MANAS360 is serving on ${server.url}
  reference   ${server.url}/docs
  superadmin  manas360 create-admin --email you@example.com
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

async function runMigrate(invocation: Invocation): Promise<number> {
  const { config, database } = await prepare(invocation)
  try {
    await migrateSchema(config, invocation.print)
    return 0
  } finally {
    await database?.stop()
  }
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
    if (name) return runJob(deps, name, print)
    const runs = new Map((await readJobRuns(deps)).map((run) => [run.name, run]))
    for (const { name, everySeconds } of jobs) {
      const run = runs.get(name)
      const last = run && `${run.outcome} at ${run.finishedAt.toISOString()}, ${Math.round(run.milliseconds)} ms`
      print(`${name.padEnd(18)} every ${everySeconds} s`.padEnd(40) + (last ?? 'never ran'))
    }
    return 0
  })
}

async function runJob(deps: OpenDeps, name: string, print: Invocation['print']): Promise<number> {
  try {
    const result = await runJobNow(deps, name)
    print(`${name}: ${result === null ? 'another instance is at it' : `done ${JSON.stringify(result)}`}`)
    return 0
  } catch (error) {
    if (!(error instanceof UnknownJobError)) throw error
    print(error.message)
    return 64
  }
}

async function runAudit(invocation: Invocation): Promise<number> {
  const { args, options, print } = invocation
  if (args.join(' ') !== 'verify') {
    print('Usage: audit verify [--checkpoint FILE]')
    return 64
  }
  const witness = options.checkpoint === undefined ? null : await readWitness(options.checkpoint)
  return withDeps(invocation, async (deps) => {
    const verdict = await verifyAudit(
      deps,
      witness,
      (rows) => rows % 100_000 < 5_000 && process.stderr.write(`\r${rows} rows verified`),
    )
    print(describeVerdict(verdict))
    return verdict.ok ? 0 : 1
  })
}

/** @throws Error that names the file, whatever is wrong with it */
async function readWitness(file: string): Promise<CheckpointLine> {
  try {
    return toWitness(await Bun.file(file).json())
  } catch (error) {
    throw new Error(`--checkpoint ${file}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

async function runOpenApi(invocation: Invocation): Promise<number> {
  const { publicUrl } = readConfig(invocation)
  invocation.print(JSON.stringify(await openApiDocument(mountRoutes(), publicUrl), null, 2))
  return 0
}

async function runHealthcheck({ environment, print }: Invocation): Promise<number> {
  const fault = await findFault(
    `http://${toReachableHost(environment.HOST || '0.0.0.0')}:${environment.PORT || 3000}/live`,
  )
  if (fault) print(fault)
  return fault ? 1 : 0
}
