import postgres from 'postgres'
import type { Config } from '../room-config.ts'
import type { Finding } from './finding.ts'

type Timeout = 'statement_timeout' | 'lock_timeout' | 'idle_in_transaction_session_timeout'
type Settings = { name: Timeout; milliseconds: number }[]

/**
 * Behind a pooler in transaction mode the server cannot set its own statement timeouts: the role must have them, or
 * abandoned statements keep running with their locks. Null where the server sets them itself.
 */
export async function examineTimeouts({
  authzFeed,
  databaseUrl,
  databaseSsl,
  statementTimeoutMs,
}: Pick<Config, 'authzFeed' | 'databaseUrl' | 'databaseSsl' | 'statementTimeoutMs'>) {
  if (authzFeed === 'listen') return null
  // Connects without settings, as the server does behind a pooler.
  const sql = postgres(databaseUrl, {
    max: 1,
    prepare: false,
    connect_timeout: 10,
    ssl: databaseSsl === 'disable' ? false : databaseSsl,
    onnotice: () => {},
  })
  try {
    const [session] = await sql<{ role: string }[]>`select quote_ident(session_user) as role`
    const found = await sql<Settings>`
      select name, setting::int as milliseconds from pg_settings
       where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')
       order by name`
    return checkTimeouts(session?.role ?? '', found, statementTimeoutMs)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Checks whether each timeout is set, and no longer than this program's own. */
function checkTimeouts(role: string, found: Settings, statementTimeoutMs: number): Finding {
  const most: Record<Timeout, number> = {
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: Math.max(60_000, statementTimeoutMs),
  }
  const wanted: Record<Timeout, number> = {
    statement_timeout: statementTimeoutMs,
    lock_timeout: Math.floor(statementTimeoutMs * 0.9),
    idle_in_transaction_session_timeout: Math.max(10_000, statementTimeoutMs),
  }
  const wrong = found.filter(({ name, milliseconds }) => milliseconds === 0 || milliseconds > most[name])
  return {
    name: 'timeouts behind the pooler',
    state: wrong.length === 0 ? 'good' : 'wrong',
    detail: found.map(({ name, milliseconds }) => `${name} ${milliseconds === 0 ? 'none' : milliseconds}`).join(', '),
    advice: `as the owner: ${wrong.map(({ name }) => `alter role ${role} set ${name} = ${wanted[name]};`).join(' ')} new connections obey it`,
  }
}
