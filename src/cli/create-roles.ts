import { ConfigError } from '../config/config-error.ts'
import type { Invocation } from './command.ts'
import { explained, readConfig } from './environment.ts'

/** `create-roles`: needs the three database URLs, and no other secret of the service. */
export async function runCreateRoles(invocation: Invocation): Promise<number> {
  const { environment, print } = invocation
  const needed = ['DATABASE_ADMIN_URL', 'DATABASE_MIGRATION_URL', 'DATABASE_URL'].filter((name) => !environment[name])
  if (needed.length > 0) throw new ConfigError(needed.map((name) => `${name}: is required`))
  const { adminUrl = '', migrationUrl, databaseUrl, databaseSsl } = readConfig(invocation)
  await explained({ url: adminUrl, variable: 'DATABASE_ADMIN_URL' }, async () => {
    const { createRoles } = await import('../db/create-roles.ts')
    await createRoles({ adminUrl, ownerUrl: migrationUrl, serverUrl: databaseUrl, ssl: databaseSsl, log: print })
  })
  print('now run: manas360 migrate')
  return 0
}
