import { AppError } from '../errors/app-error.ts'
import { createLogger, standardError } from '../log/logger.ts'
import type { Config } from '../room-config.ts'
import { type OpenDeps, openDeps } from '../services.ts'
import { type CommandEnvironment, explained, migrateSchema, prepare } from './environment.ts'

/** The options and arguments of a command. */
export type Invocation = CommandEnvironment & {
  options: {
    email?: string
    'password-stdin'?: boolean
    promote?: boolean
    checkpoint?: string
    algorithm?: string
    'dry-run'?: boolean
    'on-conflict'?: string
    'allow-roles'?: boolean
    refused?: string
    apply?: boolean
    since?: string
  }
  /** The arguments behind the command's name, such as `run seal-audit`. */
  args: string[]
  print: (line: string) => void
}

/** Commands need few connections, but their statements may take long. */
const frugal: Partial<Config> = { poolMin: 1, poolMax: 2, statementTimeoutMs: 600_000, slowQueryMs: 60_000 }

/** Opens the deps of services for one command. Prints the message of an AppError, with exit code 1. */
export async function withDeps(invocation: Invocation, use: (deps: OpenDeps) => Promise<number>): Promise<number> {
  const { config, database } = await prepare(invocation)
  try {
    if (!config.production) await migrateSchema(config, () => {})
    return await explained({ url: config.databaseUrl, variable: 'DATABASE_URL' }, async () => {
      const deps = await openDeps({ ...config, ...frugal }, createLogger({ level: 'warn', destination: standardError }))
      try {
        return await use(deps)
      } finally {
        await deps.close(5)
      }
    })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    invocation.print(error.errors?.map(({ message }) => message).join(' ') || error.detail)
    return 1
  } finally {
    await database?.stop()
  }
}
