import { z } from 'zod'
import { integer, isLocal, url } from '../config/fields.ts'
import { type ConfigOf, configuration, type Values } from '../config/room.ts'
import type { InstanceVariables } from '../config/variables.ts'
import { readAuthorities, type Tls } from './tls.ts'

const authorities = z.string().transform((text, context) => {
  try {
    return readAuthorities(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    return z.NEVER
  }
})

const variables = {
  DATABASE_URL: url('postgres:', 'postgresql:'),
  DATABASE_MIGRATION_URL: url('postgres:', 'postgresql:').optional(),
  DATABASE_REPLICA_URL: url('postgres:', 'postgresql:').optional(),
  DATABASE_ADMIN_URL: url('postgres:', 'postgresql:').optional(),
  DB_POOL_MAX: integer(1, 1_000, 40),
  DB_POOL_MIN: integer(0, 1_000, 10),
  DB_ACQUIRE_TIMEOUT_MS: integer(50, 60_000, 2_000),
  DB_STATEMENT_TIMEOUT_MS: integer(100, 600_000, 5_000),
  DB_SLOW_QUERY_MS: integer(1, 600_000, 250),
  DB_SSL: z.enum(['disable', 'require', 'verify-full']).optional(),
  DB_CA: authorities.optional(),
}

const urls = ['DATABASE_URL', 'DATABASE_MIGRATION_URL', 'DATABASE_REPLICA_URL', 'DATABASE_ADMIN_URL'] as const

type E = Values<typeof variables> & Pick<InstanceVariables, 'NODE_ENV'>
export type DatabaseConfig = ConfigOf<typeof databaseConfiguration>

export const databaseConfiguration = configuration({
  variables,
  config: (e: E) => ({
    databaseUrl: e.DATABASE_URL,
    migrationUrl: e.DATABASE_MIGRATION_URL ?? e.DATABASE_URL,
    replicaUrl: e.DATABASE_REPLICA_URL,
    adminUrl: e.DATABASE_ADMIN_URL,
    poolMax: e.DB_POOL_MAX,
    poolMin: Math.min(e.DB_POOL_MIN, e.DB_POOL_MAX),
    statementTimeoutMs: e.DB_STATEMENT_TIMEOUT_MS,
    acquireTimeoutMs: e.DB_ACQUIRE_TIMEOUT_MS,
    slowQueryMs: e.DB_SLOW_QUERY_MS,
    databaseSsl: tlsOf(e, e.DATABASE_URL),
    replicaSsl: tlsOf(e, e.DATABASE_REPLICA_URL ?? e.DATABASE_URL),
  }),
  check(e) {
    const problems =
      e.DB_CA && e.DB_SSL && e.DB_SSL !== 'verify-full'
        ? ['DB_CA: nothing is verified by it unless DB_SSL is verify-full; set or unset both']
        : []
    if (e.NODE_ENV !== 'production') return problems
    const insecure = urls.flatMap((name) => {
      const value = e[name]
      if (!value) return []
      if (new URL(value).hostname === '')
        return `${name}: must name its host in production, or PGHOST chooses one that nobody looked at`
      if (!isLocal(value) && (e.DB_SSL ?? 'verify-full') !== 'verify-full')
        return `DB_SSL: must be verify-full in production, for ${name} points to another host`
      return []
    })
    return [...problems, ...insecure]
  },
})

type TlsVariables = { DB_SSL?: 'disable' | 'require' | 'verify-full'; DB_CA?: string[] }

/**
 * The encryption where DB_SSL is unset: verified where an authority is configured or the database is on another host.
 */
function tlsOf({ DB_SSL, DB_CA }: TlsVariables, url: string): Tls {
  if (DB_CA && (DB_SSL ?? 'verify-full') === 'verify-full') return { ca: DB_CA }
  return DB_SSL ?? (isLocal(url) ? 'disable' : 'verify-full')
}
