import { atMost } from './async/timeout.ts'
import { startBackground } from './background.ts'
import { toDisplayHost, toWrittenHost } from './config/listening-address.ts'
import { withAdvice } from './config/listening-check.ts'
import { isHopeless } from './db/failure-advice.ts'
import { MigrationError } from './db/schema-version.ts'
import { asSent } from './http/middleware/sent-paths.ts'
import type { Logger } from './log/logger.ts'
import type { Config } from './room-config.ts'
import { type OpenDeps, openDeps } from './services.ts'

const retryForMs = 60_000

/** `url`: reachable from this host; `address`: where the server listens. */
export type Server = { url: string; address: string; deps: OpenDeps; stop(): Promise<void> }

/**
 * Serves until `stop` is called: readiness becomes 503, DRAIN_DELAY_MS pass for the load balancer, then no new
 * connection is accepted, running requests are finished, counters are written and the pool is closed;
 * SHUTDOWN_TIMEOUT_MS in all.
 * @throws Error when the schema is not supported, the database refuses access, or it does not answer for a minute
 */
export async function serve(config: Config, log: Logger, signal?: AbortSignal): Promise<Server> {
  if (config.dataKeyIsDerived)
    log.warn('DATA_KEY is not set: secrets at rest are encrypted under a key that follows from JWT_REFRESH_SECRET')
  const [deps, { createApp, mounts }] = await Promise.all([openWithRetries(config, log, signal), importApp()])
  const app = createApp(deps, mounts)
  const bindings: { server?: Bun.Server<undefined> } = {}
  const listen = () =>
    Bun.serve({
      port: config.port,
      hostname: config.host,
      reusePort: config.reusePort,
      idleTimeout: config.idleTimeoutSeconds,
      // The app checks sizes itself, and answers with a problem document.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      ...asSent(app, bindings),
      error(error) {
        log.error({ err: error }, 'unexpected error outside the chain')
        return new Response(null, { status: 500 })
      },
    })
  const server = await listening(config, deps, listen)
  bindings.server = server
  // Unlike the start (cli/commands.ts), requests repeat their code.
  Bun.unsafe.setJITPolicy(1)
  const background = startBackground(deps)

  async function stop(): Promise<void> {
    const endsAt = Date.now() + config.shutdownTimeoutMs
    deps.lifecycle.draining = true
    await Bun.sleep(config.drainDelayMs)
    await background.stopJobs()
    // Kept-alive connections without a request would hold up a graceful stop; 3 s are reserved for flushing and
    // closing.
    const graceMs = Math.max(0, endsAt - Date.now() - Math.min(3_000, config.shutdownTimeoutMs / 2))
    await atMost(graceMs, server.stop())
    await atMost(1_000, server.stop(true))
    await background.stop(endsAt)
    const leftMs = Math.max(100, endsAt - Date.now())
    await atMost(leftMs, deps.close(leftMs / 1000))
  }
  const [url, address] = [toDisplayHost, toWrittenHost].map((shown) => `http://${shown(config.host)}:${server.port}`)
  return { url: url ?? '', address: address ?? '', deps, stop }
}

/** Closes everything that is open when listening fails. @throws Error with advice */
async function listening<T>(config: Config, deps: OpenDeps, listen: () => T): Promise<T> {
  try {
    return withAdvice(config, listen)
  } catch (error) {
    await deps.close(1)
    throw error
  }
}

/** Evaluates and mounts the routes while the database opens its connections; pauses in between, so that these go on. */
async function importApp() {
  await Bun.sleep(1)
  const { createApp, mountRoutes } = await import('./app.ts')
  await Bun.sleep(0)
  return { createApp, mounts: mountRoutes() }
}

async function openWithRetries(config: Config, log: Logger, signal?: AbortSignal): Promise<OpenDeps> {
  const givesUpAt = Date.now() + retryForMs
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await openDeps(config, log)
    } catch (error) {
      if (isHopeless(error) || error instanceof MigrationError || Date.now() > givesUpAt || signal?.aborted) throw error
      log.warn({ err: error, waitMs }, 'the database does not answer yet; trying again')
      await Promise.race([Bun.sleep(waitMs * (0.75 + Math.random() / 2)), aborted(signal)])
    }
  }
}

/** Resolves when `signal` aborts; never without one. */
export function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve()
    else signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}
