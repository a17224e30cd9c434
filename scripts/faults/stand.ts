import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../../src/db/migrate.ts'
import { freePort } from '../cluster/child.ts'
import { type Environment, type Instance, startInstance } from '../cluster/instance.ts'
import { openPostgres, type Postgres } from './postgres.ts'

export type Stand = Awaited<ReturnType<typeof openStand>>

export const sources = [process.execPath, '--no-env-file', join(import.meta.dir, '../../src/main.ts')]

const template = 'template_of_cases'
const secret = () => randomBytes(48).toString('base64')

/** Shorter than by default, to keep cases short: a statement ends within 2 s and one of grace. */
const deadlines = { REQUEST_TIMEOUT_MS: '8000', DB_STATEMENT_TIMEOUT_MS: '2000' }

/** The environment of every server of a run, with secrets made for it. */
function commonEnvironment(): Environment & { AUDIT_KEY: string } {
  const off = ['GLOBAL', 'AUTH', 'REGISTER', 'PASSWORD', 'MAIL', 'API'].map((tier) => [`RATE_LIMIT_${tier}`, 'off'])
  return {
    NODE_ENV: 'test',
    // The same for every server, whatever its port: tokens of one are valid at another.
    JWT_ISSUER: 'https://manas360.test',
    JWT_SECRET: secret(),
    JWT_REFRESH_SECRET: secret(),
    AUDIT_KEY: secret(),
    DATA_KEY: secret(),
    LOG_LEVEL: 'warn',
    DB_POOL_MAX: '10',
    DB_POOL_MIN: '2',
    BILLING_PROVIDERS: 'manual',
    ...deadlines,
    ...Object.fromEntries(off),
  }
}

/**
 * The shared parts of all cases of a run: a PostgreSQL, a template database with the schema and an administrator, and
 * the program.
 * @param program a compiled program; default: the sources
 */
export async function openStand({ program, signal }: { program?: string[] | undefined; signal: AbortSignal }) {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'manas360-faults-'))
  // PostgreSQL may run as another user and must be able to enter it.
  chmodSync(directory, 0o711)
  const environment = commonEnvironment()
  const command = program ?? sources
  const administrator = { email: 'administrator@manas360.test', password: secret().slice(0, 40) }
  let made = 0
  let opened: Postgres | undefined
  try {
    opened = await openPostgres(join(directory, 'shared'))
    await prepare(opened)
  } catch (error) {
    await opened?.stop()
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
  const shared = opened

  async function prepare(postgres: Postgres): Promise<void> {
    await postgres.as((sql) => sql.unsafe(`create database ${template}`))
    await migrate({ url: postgres.urlOf(template) })
    const command = ['create-admin', '--email', administrator.email, '--password-stdin']
    for (let tries = 1; ; tries++) {
      const { code, output } = await run(command, { DATABASE_URL: postgres.urlOf(template) }, administrator.password)
      if (code === 0) return
      // On a busy machine PostgreSQL may not answer in time.
      if (tries === 5) throw new Error(`no administrator: ${output}`)
    }
  }

  /** Runs one command of the program. */
  async function run(args: string[], own: Environment, input = ''): Promise<{ code: number; output: string }> {
    const child = Bun.spawn([...command, ...args], {
      env: { PATH: process.env.PATH ?? '', ...environment, ...own },
      stdin: Buffer.from(input),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    return { code: await child.exited, output: `${out}${err}`.trim() }
  }

  return {
    signal,
    directory,
    command,
    environment,
    administrator,
    postgres: shared,
    /** Creates the schema and an administrator in a case's own PostgreSQL. */
    prepare,
    template,
    run,
    /** A copy of the template. */
    async createDatabase(postgres: Postgres = shared): Promise<string> {
      const name = `case_${++made}`
      await postgres.as((sql) => sql.unsafe(`create database ${name} template ${template}`))
      return postgres.urlOf(name)
    },
    /** Starts a server and waits until it is ready; its log goes to a file. */
    async startServer(own: Environment, from: string[] = command): Promise<Instance & { log: () => string }> {
      const file = join(directory, `server-${crypto.randomUUID()}.log`)
      const all = { ...environment, PORT: `${await freePort()}`, ...own }
      return { ...(await startInstance(from, all, file)), log: () => readFileSync(file, 'utf8') }
    },
    async close(): Promise<void> {
      await shared.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
