import postgres from 'postgres'
import { version } from '../config/version.ts'
import { connect } from '../db/connect.ts'
import { describeDatabaseFailure, type Target } from '../db/failure-advice.ts'
import { createLogger } from '../log/logger.ts'
import { openRedis } from '../redis/connection.ts'
import type { Config } from '../room-config.ts'
import { examineConfiguration } from './doctor-configuration.ts'
import { examineDataKeys } from './doctor-data-keys.ts'
import { examineDatabase } from './doctor-database.ts'
import { describeLimits } from './doctor-limits.ts'
import { examineMail } from './doctor-mail.ts'
import { examinePasskeys } from './doctor-passkeys.ts'
import { examineProviders } from './doctor-providers.ts'
import { examineSharedPort } from './doctor-shared-port.ts'
import { examineTimeouts } from './doctor-timeouts.ts'
import { examineTraces } from './doctor-traces.ts'
import { describeFinding, type Finding, summarise } from './finding.ts'

/**
 * Checks everything that a deployment depends on, and prints advice for each fault.
 * @returns false when something is wrong; warnings do not count
 */
export async function diagnose(config: Config, print: (line: string) => void): Promise<boolean> {
  const findings: Finding[] = [
    {
      name: 'configuration',
      state: 'good',
      detail: `valid${config.production ? ', for production' : ''}; access tokens ${describeKeys(config)}; program ${version.version}`,
    },
    describeLimits(config),
    ...examineConfiguration(config),
    examinePasskeys(config),
    ...(await examinePrimary(config)),
    await examineMail(config),
    ...(await examineProviders(config)),
  ]
  if (config.replicaUrl !== undefined) findings.push(await examineReplica(config.replicaUrl, config.replicaSsl))
  if (config.redisUrl !== undefined) findings.push(await examineRedis(config.redisUrl, config.redisTimeoutMs))
  for (const finding of [examineSharedPort(config), await examineTraces(config)]) if (finding) findings.push(finding)
  for (const finding of findings) print(describeFinding(finding))
  print(summarise(findings))
  return findings.every(({ state }) => state !== 'wrong')
}

/** Connects in the same way as the server, so that the effects of a pooler show. */
async function examinePrimary(config: Config): Promise<Finding[]> {
  const sql = connect(
    {
      url: config.databaseUrl,
      max: 1,
      acquireTimeoutMs: 10_000,
      statementTimeoutMs: 5_000,
      slowQueryMs: 5_000,
      ssl: config.databaseSsl,
      applicationName: 'manas360-doctor',
      prepare: config.authzFeed === 'listen',
      connectionParameters: config.authzFeed === 'listen',
      onSlow: () => {},
      onWarn: () => {},
    },
    1,
  )
  try {
    const timeouts = await examineTimeouts(config)
    const found = await examineDatabase(sql, config)
    const isCurrent = found.every(({ name, state }) => name !== 'schema' || state === 'good')
    return [...found, ...(timeouts ? [timeouts] : []), ...(isCurrent ? [await examineDataKeys(sql, config)] : [])]
  } catch (error) {
    return [
      {
        name: 'database',
        state: 'wrong',
        detail: describeFailure(error, { url: config.databaseUrl, variable: 'DATABASE_URL' }),
      },
    ]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** The message of a failure, with advice. */
function describeFailure(error: unknown, target: Target): string {
  return (
    describeDatabaseFailure(error, target) ?? (error instanceof Error ? error.message || error.name : String(error))
  )
}

/** The id of the signing key; a shared secret has none. */
function describeKeys({ accessKeys }: Config): string {
  if (accessKeys.algorithm === 'HS256') return 'HS256'
  const [signing, ...others] = accessKeys.keys.map(({ id }) => id)
  const accepted = others.length > 0 ? `, also accepted: ${others.join(', ')}` : ''
  return `${accessKeys.algorithm}, signed with ${signing}${accepted}`
}

async function examineReplica(url: string, ssl: Config['replicaSsl']): Promise<Finding> {
  const name = 'replica'
  const sql = postgres(url, { max: 1, connect_timeout: 10, ssl: ssl === 'disable' ? false : ssl, onnotice: () => {} })
  try {
    const [row] = await sql<{ position: string | null }[]>`
      select case when pg_is_in_recovery() then pg_last_wal_replay_lsn()::text end as position`
    const isReplica = row?.position != null
    const advice =
      'DATABASE_REPLICA_URL must name a streaming replica of DATABASE_URL; nothing is read from anything else'
    return {
      name,
      state: isReplica ? 'good' : 'wrong',
      detail: isReplica ? `has replayed up to ${row?.position}` : 'is no replica that says how far it is',
      advice,
    }
  } catch (error) {
    const detail = describeFailure(error, { url, variable: 'DATABASE_REPLICA_URL' })
    return { name, state: 'wrong', detail, advice: 'until it answers all is read from the primary' }
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Checks whether Redis answers and accepts writes by a script, which counting limits requires. */
async function examineRedis(url: string, timeoutMs: number): Promise<Finding> {
  const redis = openRedis({ url, timeoutMs, log: createLogger({ level: 'silent' }) })
  await redis.start()
  const ok = redis.isUp()
  await redis.close()
  const { protocol, host } = new URL(url)
  return {
    name: 'redis',
    state: ok ? 'good' : 'wrong',
    detail: ok
      ? `${host} counts${protocol === 'rediss:' ? '' : '; the connection is not encrypted'}`
      : `${host} does not`,
    advice: 'check REDIS_URL (user and password, rediss:// for TLS), that it runs, takes writes, and has room',
  }
}
