import postgres from 'postgres'
import type { Config } from './config.ts'
import { describeLimits } from './doctor-limits.ts'
import { examineTimeouts } from './doctor-timeouts.ts'
import { createLogger } from './logger.ts'
import { findSchemaVersion, latestVersion } from './migrate.ts'
import { openRedis } from './redis.ts'
import { version } from './version.ts'

/** Connections of an instance beside its pool: the prober, the listener, and slow jobs. */
const besidesPool = 3

/** `warns`: it is allowed, and somebody should know. */
type Finding = { name: string; ok: boolean; warns?: boolean; detail: string; advice?: string }

/**
 * Looks at everything that a deployment stands on and says what to do where it does not hold.
 * @returns whether all is well
 */
export async function diagnose(config: Config, print: (line: string) => void): Promise<boolean> {
  const findings: Finding[] = [
    {
      name: 'configuration',
      ok: true,
      detail: `valid${config.production ? ', for production' : ''}; access tokens ${describeKeys(config)}; program ${version.version}`,
    },
    describeLimits(config),
  ]
  const sql = postgres(config.databaseUrl, {
    max: 1,
    connect_timeout: 5,
    ssl: config.databaseSsl === 'disable' ? false : config.databaseSsl,
    connection: {
      application_name: 'manas360-doctor',
      // A pooler refuses settings that it does not know.
      ...(config.authzFeed === 'listen' && { statement_timeout: 5_000 }),
    },
  })
  try {
    findings.push(...(await examine(sql, config)))
    const timeouts = await examineTimeouts(config)
    if (timeouts) findings.push(timeouts)
  } catch (error) {
    findings.push({
      name: 'database',
      ok: false,
      detail: error instanceof Error ? error.message || error.name : String(error),
      advice: 'check DATABASE_URL, that the server runs, that this host may reach it, and DB_SSL',
    })
  } finally {
    await sql.end({ timeout: 1 })
  }
  if (config.replicaUrl !== undefined) findings.push(await examineReplica(config.replicaUrl, config.replicaSsl))
  if (config.redisUrl !== undefined) findings.push(await examineRedis(config.redisUrl))
  for (const { name, ok, warns = false, detail, advice } of findings)
    print(`${!ok ? '✗' : warns ? '!' : '✓'} ${name}: ${detail}${(ok && !warns) || !advice ? '' : `\n    → ${advice}`}`)
  return findings.every(({ ok }) => ok)
}

/** Which key signs, by name; a secret has none that may be told. */
function describeKeys({ accessKeys }: Config): string {
  if (accessKeys.algorithm === 'HS256') return 'HS256'
  const [signing, ...others] = accessKeys.keys.map(({ id }) => id)
  const accepted = others.length > 0 ? `, also accepted: ${others.join(', ')}` : ''
  return `${accessKeys.algorithm}, signed with ${signing}${accepted}`
}

async function examine(sql: postgres.Sql, config: Config): Promise<Finding[]> {
  const before = Date.now()
  const [server] = await sql<Facts[]>`
    select current_setting('server_version_num')::int as version, current_setting('server_version') as version_text,
           (extract(epoch from clock_timestamp()) * 1000)::float8 as now, current_setting('max_connections')::int as max_connections,
           current_setting('superuser_reserved_connections')::int as reserved,
           (select sum(numbackends)::int from pg_stat_database) - 1 as used, current_user as role,
           current_setting('fsync') as fsync, current_setting('server_encoding') as encoding, lower('ÅÉ') = 'åé' as "knowsLetters"`
  if (!server) throw new Error('the database answered nothing')
  const skewMs = Math.round(server.now - (before + Date.now()) / 2)
  const schema = await findSchemaVersion(sql)
  const [audit] =
    schema > 0
      ? await sql<{ mayUpdate: boolean }[]>`select has_table_privilege('audit_logs', 'UPDATE') as "mayUpdate"`
      : []
  return [
    {
      name: 'database',
      ok: server.version >= 140_000,
      detail: `PostgreSQL ${server.version_text}, as role ${server.role}`,
      advice: 'PostgreSQL 14 or later is needed',
    },
    {
      name: 'encoding',
      ok: server.encoding === 'UTF8' && server.knowsLetters,
      detail: `${server.encoding}, ${server.knowsLetters ? 'knows' : 'does not know'} letters beyond ASCII`,
      advice:
        "create the database with encoding 'UTF8' and an lc_ctype such as C.UTF-8 or en_US.UTF-8, not C: its index serves no search for names in other scripts",
    },
    {
      name: 'durability',
      ok: server.fsync === 'on',
      detail: `fsync ${server.fsync}`,
      advice: 'set fsync = on, or acknowledged writes can be lost',
    },
    {
      name: 'clock',
      ok: Math.abs(skewMs) < 5_000,
      detail: `${skewMs} ms from the database's`,
      advice: 'run NTP on both; tokens are dated by the database, logs by this host',
    },
    {
      name: 'schema',
      ok: schema === latestVersion,
      detail: `version ${schema}, this program needs ${latestVersion}`,
      advice: schema < latestVersion ? 'run: manas360 migrate' : 'deploy the newer program',
    },
    {
      name: 'pool',
      ok: config.poolMax + besidesPool + server.used <= server.max_connections - server.reserved,
      detail: `DB_POOL_MAX ${config.poolMax} and ${besidesPool} more, ${server.used} in use, max_connections ${server.max_connections}`,
      advice: 'lower DB_POOL_MAX, raise max_connections, or put PgBouncer between; every instance needs its own pool',
    },
    {
      name: 'audit trail',
      ok: !config.production || audit?.mayUpdate !== true,
      detail: audit?.mayUpdate
        ? "the server's role may also UPDATE it; a trigger still refuses"
        : "append-only for the server's role",
      advice:
        'set DATABASE_MIGRATION_URL to the owner and DATABASE_URL to a role of its own, then run: manas360 migrate',
    },
  ]
}

async function examineReplica(url: string, ssl: Config['replicaSsl']): Promise<Finding> {
  const name = 'replica'
  const sql = postgres(url, { max: 1, connect_timeout: 5, ssl: ssl === 'disable' ? false : ssl, onnotice: () => {} })
  try {
    const [row] = await sql<{ position: string | null }[]>`
      select case when pg_is_in_recovery() then pg_last_wal_replay_lsn()::text end as position`
    const ok = row?.position != null
    const advice =
      'DATABASE_REPLICA_URL must name a streaming replica of DATABASE_URL; nothing is read from anything else'
    return {
      name,
      ok,
      detail: ok ? `has replayed up to ${row?.position}` : 'is no replica that says how far it is',
      advice,
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message || error.name : String(error)
    return {
      name,
      ok: false,
      detail,
      advice: 'check DATABASE_REPLICA_URL; until it answers all is read from the primary',
    }
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Whether the limits can be counted there: it must answer, and take writes by script. */
async function examineRedis(url: string): Promise<Finding> {
  const redis = openRedis({ url, log: createLogger({ level: 'silent' }) })
  await redis.start()
  const ok = redis.isUp()
  await redis.close()
  const { protocol, host } = new URL(url)
  return {
    name: 'redis',
    ok,
    detail: ok
      ? `${host} counts${protocol === 'rediss:' ? '' : '; the connection is not encrypted'}`
      : `${host} does not`,
    advice: 'check REDIS_URL (user and password, rediss:// for TLS), that it runs, takes writes, and has room',
  }
}

type Facts = {
  version: number
  version_text: string
  now: number
  max_connections: number
  reserved: number
  used: number
  role: string
  fsync: string
  encoding: string
  knowsLetters: boolean
}
