import { Hono } from 'hono'
import { everywhere } from '../src/app.ts'
import { fuse } from '../src/http/fuse.ts'
import { toResponse } from '../src/http/output/on-error.ts'
import type { PublicEnv } from '../src/http/request.ts'
import { createLogger } from '../src/log/logger.ts'
import { loadConfig } from '../src/room-config.ts'
import { openDeps } from '../src/services.ts'

/**
 * The server that the whole chain is compared with, a process of its own: `bun bench/stage.ts bare` serves one route of
 * bare Hono, `bun bench/stage.ts N` the same route behind the first N middlewares. It prints its port, the last step's
 * name and the number of steps. With STAGE_PORT several share that port.
 */
const path = '/v1/entitlements/:feature'
const body = { feature: 'premium_dashboard', granted: true, limit: null }

const bindings: { server?: Bun.Server<undefined> } = {}
const { app, name, steps } = process.argv[2] === 'bare' ? bare() : await behind(Number(process.argv[2]))
const server = Bun.serve({
  port: Number(process.env.STAGE_PORT ?? 0),
  reusePort: process.env.STAGE_PORT !== undefined,
  hostname: '127.0.0.1',
  idleTimeout: 75,
  fetch: (request) => app.fetch(request, bindings),
})
bindings.server = server
process.stderr.write(`${JSON.stringify({ port: server.port, name, steps })}\n`)

function bare() {
  return { app: new Hono<PublicEnv>().get(path, (c) => c.json(body)), name: 'bare Hono route', steps: 0 }
}

async function behind(count: number) {
  const config = loadConfig(process.env)
  const deps = await openDeps(config, createLogger({ level: config.logLevel }))
  const app = new Hono<PublicEnv>()
  const steps = everywhere(deps)
  if (count > 0) app.use(...steps.slice(0, count))
  app.get(path, (c) => c.json(body))
  app.onError(toResponse)
  return { app: fuse(app), name: steps[count - 1]?.name ?? 'bare, fused', steps: steps.length }
}
