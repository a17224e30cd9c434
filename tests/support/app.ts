import { afterAll } from 'bun:test'
import { availableParallelism } from 'node:os'
import { createApp } from '../../src/app.ts'
import type { User } from '../../src/auth/account.ts'
import { createPasswordHasher } from '../../src/auth/passwords.ts'
import { createLogger } from '../../src/log/logger.ts'
import { loadConfig } from '../../src/room-config.ts'
import { openDeps } from '../../src/services.ts'
import { closedBeforeDrop, createDatabase } from './cluster.ts'
import { checked } from './conformance.ts'

export const testSecrets = {
  JWT_SECRET: 'T9f0Zr4uQm2LxV7cKp1WyB8sHd5GnJ3eAoUiRtEqXlCvNbMzPkSjDhFgYwO6aLr0',
  JWT_REFRESH_SECRET: 'aR7kP2mXw9QeZ4tLs8VbN1cYh6UjD3gFo5IiKqBxHrEzTnWpMyGvSdCuJlOaP0f2',
  AUDIT_KEY: 'y5LbW8nQ2zXk7RfTc1VgH4pMj9DsA6eUoIiEqBxNrKzYmCwPvGtSlJuFdOhZ3a0Q',
  DATA_KEY: 'p6VtX1jQ8mZk3RhWc9YgB4nLd7FsU2eAoTiEqKxPrHzJmGwCvDySlNuIbOaM5f0Z',
}

/** Deadlines and bounds that nothing meets on a busy machine; tests of them set their own. */
export const patience = {
  REQUEST_TIMEOUT_MS: '600000',
  DB_ACQUIRE_TIMEOUT_MS: '60000',
  DB_STATEMENT_TIMEOUT_MS: '120000',
  DB_SLOW_QUERY_MS: '120000',
  REDIS_TIMEOUT_MS: '5000',
}

/** Limits are off; tests of limits set them. */
const testEnvironment = {
  NODE_ENV: 'test',
  ...testSecrets,
  ...patience,
  DB_POOL_MAX: '10',
  DB_POOL_MIN: '1',
  RATE_LIMIT_GLOBAL: 'off',
  RATE_LIMIT_AUTH: 'off',
  RATE_LIMIT_REGISTER: 'off',
  RATE_LIMIT_PASSWORD: 'off',
  RATE_LIMIT_MAIL: 'off',
  RATE_LIMIT_API: 'off',
  JOBS: 'off',
  // Tests of payments set a provider.
  BILLING_PROVIDERS: 'manual',
}

const cores = availableParallelism()
/** Argon2 at its lowest cost: at full cost it took two fifths of the time of most files. */
const cheap = { memoryCost: 64, timeCost: 1, concurrency: cores, queueLimit: cores * 32 }

/** Production requires a setting for mail. */
const mailOff = ({ NODE_ENV, SMTP_URL }: Record<string, string>) =>
  NODE_ENV === 'production' && !SMTP_URL ? { MAIL: 'off' } : {}

export type SessionJson = {
  user: User
  accessToken: string
  refreshToken: string
  deviceToken: string
  tokenType: string
  expiresIn: number
  refreshExpiresIn: number
}
export type TestApp = Awaited<ReturnType<typeof openTestApp>>

type RequestOptions = {
  method?: string
  bearer?: string
  json?: unknown
  headers?: Record<string, string>
  ip?: string
}

/**
 * The real app on a database of its own, or the one of `environment`, closed after the file's tests. `clock` moves the
 * time by which tokens are verified; times in SQL are tested by ageing rows. Every answer is checked against the
 * OpenAPI document, unless `conforming` is false, for tests that break the service on purpose. `hashing` is at full
 * cost for tests of that cost, or of waiting for it.
 */
export async function openTestApp(
  environment: Record<string, string> = {},
  { conforming = true, hashing = 'cheap' }: { conforming?: boolean; hashing?: 'cheap' | 'full' } = {},
) {
  const own = environment.DATABASE_URL === undefined ? await createDatabase() : null
  const clock = {
    offsetMs: 0,
    stoppedAt: null as number | null,
    now: () => (clock.stoppedAt ?? Date.now()) + clock.offsetMs,
    advance(seconds: number): void {
      clock.offsetMs += seconds * 1000
    },
    /** Afterwards the clock moves by `advance` alone, for values that must stay in one time step. */
    stop(): void {
      clock.stoppedAt = Date.now()
    },
  }
  const lines: string[] = []
  const DATABASE_URL = environment.DATABASE_URL ?? own?.url
  const config = loadConfig({ ...testEnvironment, ...mailOff(environment), ...environment, DATABASE_URL })
  const log = createLogger({ level: config.logLevel, destination: { write: (line: string) => void lines.push(line) } })
  const deps = await openDeps(config, log, clock.now)
  if (hashing === 'cheap') deps.passwords = createPasswordHasher(cheap)
  const app = createApp(deps)
  const { fetch } = app
  if (conforming) app.fetch = async (incoming, ...rest) => checked(app, incoming, await fetch(incoming, ...rest))

  /** A request without a socket; a JSON body makes it a POST unless `method` is given. */
  async function request(path: string, { method, bearer, json, headers, ip }: RequestOptions = {}): Promise<Response> {
    const init: RequestInit = {
      method: method ?? (json === undefined ? 'GET' : 'POST'),
      headers: {
        ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    }
    const server = { requestIP: () => ({ address: ip ?? '127.0.0.1' }), timeout: () => {} }
    return app.fetch(new Request(`http://localhost${path}`, init), { server })
  }

  const close = closedBeforeDrop(config.databaseUrl, () => deps.close(2))
  afterAll(async () => {
    await close()
    await own?.drop()
  })

  return { app, deps, sql: deps.sql, clock, lines, request, databaseUrl: config.databaseUrl, config }
}

/** The parsed body, of the type that the test expects. */
export async function bodyOf<T = Record<string, unknown>>(response: Response): Promise<T> {
  return (await response.json()) as T
}
