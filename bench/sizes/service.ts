import { createApp } from '../../src/app.ts'
import { createPasswordHasher } from '../../src/auth/passwords.ts'
import { createLogger } from '../../src/log/logger.ts'
import { loadConfig } from '../../src/room-config.ts'
import { openDeps } from '../../src/services.ts'
import type { productionEnvironment } from '../environment.ts'

export const password = 'seven quiet herons at dawn'
/** Cheap hashes: their cost is the same at every size, and would hide that of the database. */
const cheapHashes = { memoryCost: 64, timeCost: 1, concurrency: 2, queueLimit: 64 }

export type Environment = ReturnType<typeof productionEnvironment>
export type Service = Awaited<ReturnType<typeof openService>>
type Call = { bearer?: string; json?: unknown; method?: string; status?: number }

export const hashCheaply = () => createPasswordHasher(cheapHashes).hash(password)

/**
 * The whole service in this process, without jobs, limits and sockets: only the program and the database are measured.
 */
export async function openService(environment: Environment) {
  const config = loadConfig({
    ...environment,
    JOBS: 'off',
    DB_POOL_MAX: '4',
    DB_POOL_MIN: '4',
    DB_STATEMENT_TIMEOUT_MS: '120000',
  })
  const deps = await openDeps(config, createLogger({ level: 'silent' }))
  deps.passwords = createPasswordHasher(cheapHashes)
  const app = createApp(deps)
  const server = { requestIP: () => ({ address: '127.0.0.1' }), timeout: () => {} }

  /** The text of an answer. @throws Error unless the status is the expected one */
  async function call(path: string, { bearer, json, method, status = 200 }: Call = {}): Promise<string> {
    const init: RequestInit = {
      method: method ?? (json === undefined ? 'GET' : 'POST'),
      headers: {
        ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    }
    const response = await app.fetch(new Request(`http://localhost${path}`, init), { server })
    const text = await response.text()
    if (response.status !== status) throw new Error(`${init.method} ${path} answered ${response.status}: ${text}`)
    return text
  }
  return { deps, call, close: () => deps.close(5) }
}
