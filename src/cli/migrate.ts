import type { Invocation } from './command.ts'
import { migrateSchema, prepare, readConfig } from './environment.ts'

/** `migrate` and `seed`. In production they need the database's URLs, and none of the service's secrets. */
export async function runMigrate(invocation: Invocation): Promise<number> {
  const { NODE_ENV, DATABASE_URL } = invocation.environment
  const { config, database } =
    NODE_ENV === 'production' && DATABASE_URL
      ? { config: readConfig(invocation), database: null }
      : await prepare(invocation)
  try {
    await migrateSchema(config, invocation.print)
    return 0
  } finally {
    await database?.stop()
  }
}
