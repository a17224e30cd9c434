import { ConfigError } from '../config/config-error.ts'
import type { Invocation } from './command.ts'
import { migrateSchema, prepare, readConfig } from './environment.ts'

/** `migrate` and `seed`. In production they need the database URLs, and no other secret of the service. */
export async function runMigrate(invocation: Invocation): Promise<number> {
  const { NODE_ENV, DATABASE_URL } = invocation.environment
  const isProduction = NODE_ENV === 'production'
  if (isProduction && !DATABASE_URL)
    throw new ConfigError(['DATABASE_URL: is required, and names the role that serves'])
  const { config, database } = isProduction
    ? { config: readConfig(invocation), database: null }
    : await prepare(invocation)
  try {
    await migrateSchema(config, invocation.print)
    return 0
  } finally {
    await database?.stop()
  }
}
