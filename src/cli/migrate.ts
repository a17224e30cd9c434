import type { Invocation } from './command.ts'
import { migrateSchema, prepare } from './environment.ts'

/** `migrate` and `seed`. */
export async function runMigrate(invocation: Invocation): Promise<number> {
  const { config, database } = await prepare(invocation)
  try {
    await migrateSchema(config, invocation.print)
    return 0
  } finally {
    await database?.stop()
  }
}
