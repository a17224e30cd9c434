import postgres, { type Sql } from 'postgres'
import type { AccessClaims } from '../src/access/claims.ts'
import { createPasswordHasher } from '../src/auth/passwords.ts'
import { createTokens } from '../src/auth/tokens.ts'
import { hashToken, newTokenId } from '../src/crypto/hash.ts'
import { loadConfig } from '../src/room-config.ts'
import { startServer } from './processes.ts'
import { createClient } from './requests.ts'

const password = 'seven quiet herons at dawn'
const batchSize = 5_000

/** A signed-in account. */
export type SignedIn = { email: string; refreshToken: string; toAccessToken: () => string }
type Environment = Record<string, string> & { DATABASE_URL: string; OPS_TOKEN: string }

/**
 * Makes accounts on the plan with the gated feature, each with a new session. Logging all of them in would take half an
 * hour of both cores, so the rows and tokens of one real log-in are copied, signed by the service's own signer.
 */
export async function givenSignedIn(environment: Environment, count: number): Promise<SignedIn[]> {
  const claims = await claimsOfOne(environment)
  const config = loadConfig(environment)
  const tokens = createTokens(config, Date.now)
  const passwordHash = await createPasswordHasher({ concurrency: 1, queueLimit: 1 }).hash(password)
  const sql = postgres(environment.DATABASE_URL, { max: 1, onnotice: () => {} })
  const all: SignedIn[] = []
  try {
    for (let from = 0; from < count; from += batchSize) {
      const rows = await insertBatch(sql, from, Math.min(batchSize, count - from), passwordHash)
      const batch = rows.map(({ account: sub, session: sid, email }) => {
        const iat = nowSeconds()
        const named = { sub, sid, jti: newTokenId(), iat, exp: iat + config.refreshTtlSeconds }
        // An access token is valid for 15 minutes, so it is signed when its user begins.
        const toAccessToken = () => {
          const from = nowSeconds()
          return tokens.signAccess({ ...claims, sub, sid, iat: from, nbf: from, exp: from + config.accessTtlSeconds })
        }
        return { sid, email, toAccessToken, refreshToken: tokens.signRefresh(named, tokens.refreshKeyId) ?? '' }
      })
      await sql`
        insert into tokens (session_id, token_hash, expires_at)
        select session_id, token_hash, clock_timestamp() + make_interval(secs => ${config.refreshTtlSeconds})
          from unnest(${batch.map(({ sid }) => sid)}::uuid[], ${batch.map(({ refreshToken }) => hashToken(refreshToken).toString('hex'))}::text[]) as made (session_id, hex)
         cross join lateral (select decode(hex, 'hex') as token_hash) decoded`
      all.push(...batch)
    }
    await sql`analyze`
  } finally {
    await sql.end({ timeout: 5 })
  }
  return all
}

const nowSeconds = () => Math.floor(Date.now() / 1000)

/** The claims of an access token on that plan, from a log-in. */
async function claimsOfOne(environment: Environment): Promise<AccessClaims> {
  const server = await startServer(environment, { pin: false })
  const sql = postgres(environment.DATABASE_URL, { max: 1, onnotice: () => {} })
  try {
    const client = createClient(server.port, environment.OPS_TOKEN)
    const person = await client.register()
    await sql`update user_subscriptions set plan = 'professional'`
    await sql`update user_accounts set role = 'subscriber'`
    const { accessToken } = await client.login(person)
    const [, payload = ''] = accessToken.split('.')
    const { jti: _, iss: __, aud: ___, ...claims } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return claims
  } finally {
    await sql.end({ timeout: 5 })
    await server.stop()
  }
}

async function insertBatch(sql: Sql, from: number, size: number, passwordHash: string) {
  return sql<{ account: string; session: string; email: string }[]>`
    with batch as materialized (
      select uuid_v7(clock_timestamp()) as account, uuid_v7(clock_timestamp()) as session, 'user-' || n || '@bench.test' as email
        from generate_series(${from}::int, ${from + size - 1}::int) n),
    accounts as (
      insert into user_accounts (id, email, password_hash, role, plan, last_login_at)
      select account, email, ${passwordHash}, 'subscriber', 'professional', clock_timestamp() from batch),
    subscriptions as (
      insert into user_subscriptions (id, account_id, plan, status, billing_interval, started_at)
      select uuid_v7(clock_timestamp()), account, 'professional', 'active', 'month', clock_timestamp() from batch),
    opened as (
      insert into sessions (id, account_id, created_at, last_used_at, expires_at, ip_address, user_agent)
      select session, account, clock_timestamp(), clock_timestamp(), clock_timestamp() + interval '720 hours', '127.0.0.1', 'bench' from batch)
    select * from batch`
}
