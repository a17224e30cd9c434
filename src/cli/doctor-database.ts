import type postgres from 'postgres'
import { countConnections } from '../db/connections.ts'
import { listExcessRights, listForeignObjects } from '../db/schema-rights.ts'
import { findSchemaState } from '../db/schema-version.ts'
import type { Config } from '../room-config.ts'
import type { Finding } from './finding.ts'

type Facts = {
  version: number
  versionText: string
  now: number
  room: number
  used: number
  role: string
  fsync: string
  encoding: string
  knowsLetters: boolean
  zone: string
  dateStyle: string
}

/** Checks the database and the rights of the server's role. @param sql connected in the same way as the server */
export async function examineDatabase(sql: postgres.Sql, config: Config): Promise<Finding[]> {
  const before = Date.now()
  const [server] = await sql<Facts[]>`
    select current_setting('server_version_num')::int as version, current_setting('server_version') as version_text,
           (extract(epoch from clock_timestamp()) * 1000)::float8 as now,
           least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                   - coalesce(current_setting('reserved_connections', true), '0')::int,
                 nullif((select datconnlimit from pg_database where datname = current_database()), -1),
                 (select rolconnlimit from pg_roles where rolname = current_user and rolconnlimit <> -1 and not rolsuper)) as room,
           (select sum(numbackends)::int from pg_stat_database) - 1 as used, current_user as role,
           current_setting('fsync') as fsync, current_setting('server_encoding') as encoding, lower('ÅÉ') = 'åé' as "knowsLetters",
           current_setting('TimeZone') as zone, current_setting('DateStyle') as "dateStyle"`
  if (!server) throw new Error('the database answered nothing')
  const skewMs = Math.round(server.now - (before + Date.now()) / 2)
  const { version, gap } = await findSchemaState(sql)
  return [
    {
      name: 'database',
      state: server.version >= 140_000 ? 'good' : 'wrong',
      detail: `PostgreSQL ${server.versionText}, as role ${server.role}`,
      advice: 'PostgreSQL 14 or later is needed',
    },
    {
      name: 'encoding',
      state: server.encoding === 'UTF8' && server.knowsLetters ? 'good' : 'wrong',
      detail: `${server.encoding}, ${server.knowsLetters ? 'knows' : 'does not know'} letters beyond ASCII`,
      advice:
        "create the database with encoding 'UTF8' and an lc_ctype such as C.UTF-8 or en_US.UTF-8, not C: its index serves no search for names in other scripts",
    },
    {
      name: 'durability',
      state: server.fsync === 'on' ? 'good' : 'wrong',
      detail: `fsync ${server.fsync}`,
      advice: 'set fsync = on, or acknowledged writes can be lost',
    },
    {
      name: 'clock',
      state: Math.abs(skewMs) < 5_000 ? 'good' : 'wrong',
      detail: `${skewMs} ms from the database's`,
      advice: 'run NTP on both; tokens are dated by the database, logs by this host',
    },
    checkSession(server),
    {
      name: 'schema',
      state: gap ? 'wrong' : 'good',
      detail: gap?.reason ?? `version ${version}, with the functions that this program needs`,
      advice: gap?.advice,
    },
    checkConnections(server, config),
    ...(version > 0 ? await examineRights(sql, config) : []),
  ]
}

/** Checks settings that the driver sets when it connects and that a pooler may lose. */
function checkSession({ zone, dateStyle }: Facts): Finding {
  const name = 'time zone'
  if (!dateStyle.startsWith('ISO'))
    return {
      name,
      state: 'wrong',
      detail: `dates come as ${dateStyle}, which the driver cannot read`,
      advice:
        "the pooler ignores what it is asked for; as the database's owner: alter database … set datestyle = 'ISO'",
    }
  return {
    name,
    state: zone === 'UTC' ? 'good' : 'warning',
    detail: `sessions count in ${zone}`,
    advice:
      "the pooler ignores what it is asked for; no statement relies on it, but alter database … set timezone = 'UTC' makes sure",
  }
}

function checkConnections({ used, room }: Facts, config: Config): Finding {
  const { usual, beside, deploying } = countConnections(config)
  const fits = usual + used <= room
  const detail = `DB_POOL_MAX ${config.poolMax} and ${beside} more, ${used} in use, ${room} may be`
  const advice = 'lower DB_POOL_MAX, raise max_connections, or put PgBouncer between; every instance needs its own pool'
  if (fits && Math.max(deploying, usual + used) > room)
    return {
      name: 'pool',
      state: 'warning',
      detail: `${detail}: a rolling deployment, with two instances at once, needs ${deploying}`,
      advice,
    }
  return { name: 'pool', state: fits ? 'good' : 'wrong', detail, advice }
}

/**
 * Checks for rights with which the server could rewrite the audit trail. They cannot be withheld where one role owns
 * everything.
 */
async function examineRights(sql: postgres.Sql, config: Config): Promise<Finding[]> {
  const excess = await listExcessRights(sql)
  const foreign = await listForeignObjects(sql, null)
  const severity = config.production ? 'wrong' : 'good'
  return [
    {
      name: 'audit trail',
      state: excess.length === 0 ? 'good' : severity,
      detail:
        excess.length === 0
          ? "append-only for the server's role"
          : `the server's role has rights that it does not need (${excess.slice(0, 3).join(', ')}${excess.length > 3 ? ', …' : ''}); a trigger still refuses`,
      advice:
        'set DATABASE_MIGRATION_URL to the owner and DATABASE_URL to a role of its own, then run: manas360 migrate',
    },
    {
      name: 'schema public',
      state: foreign.length === 0 ? 'good' : 'wrong',
      detail:
        foreign.length === 0
          ? "holds nobody else's functions"
          : `others have put there: ${foreign.map(({ name, owner }) => `${name} (of ${owner})`).join(', ')}`,
      advice: 'drop them or move them to another schema: statements of ours could run them',
    },
  ]
}
