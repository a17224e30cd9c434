import { Hono } from 'hono'
import { everywhere } from '../src/app.ts'
import { connect } from '../src/db/connect.ts'
import { connectionOptions } from '../src/db/connection-options.ts'
import { fuse } from '../src/http/fuse.ts'
import { toResponse } from '../src/http/output/on-error.ts'
import type { PublicEnv } from '../src/http/request.ts'
import { createLogger } from '../src/log/logger.ts'
import { loadConfig } from '../src/room-config.ts'
import { openDeps } from '../src/services.ts'

/**
 * The server that the whole chain is compared with, a process of its own: `bun bench/stage.ts bare` serves one route of
 * bare Hono, `bun bench/stage.ts N` the same route behind the first N middlewares, and `bun bench/stage.ts reading` a route of bare Hono
 * that reads an account by the driver alone. It prints its port, the last step's name and the number of steps. With
 * STAGE_PORT several share that port.
 */
const path = '/v1/entitlements/:feature'
const body = { feature: 'premium_dashboard', granted: true, limit: null }

const bindings: { server?: Bun.Server<undefined> } = {}
const [, , stage] = process.argv
const { app, name, steps } = stage === 'bare' ? bare() : stage === 'reading' ? reading() : await behind(Number(stage))
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

/** `GET /v1/me/:id` answers with the JSON of `GET /v1/me`: one prepared statement of three tables, in a pool with our options. */
function reading() {
  const config = loadConfig(process.env)
  const options = connectionOptions(config, createLogger({ level: config.logLevel }))
  const sql = connect({ ...options, applicationName: 'bench' }, options.max)
  const app = new Hono<PublicEnv>().get('/v1/me/:id', async (c) => {
    const [row] = await sql`
      select a.id, a.email, a.email_verified_at is not null as email_verified, a.first_name, a.last_name, a.phone_number, a.language, a.timezone,
             a.role, r.privilege_level, a.plan, p.display_name, p.tier, a.status, a.created_at, a.last_login_at
        from user_accounts a join roles r on r.name = a.role join subscription_plans p on p.name = a.plan
       where a.id = ${c.req.param('id')} and a.status <> 'deleted'`
    if (!row) return c.notFound()
    const { plan, displayName, tier, status, createdAt, lastLoginAt, ...person } = row
    return c.json({
      ...person,
      plan: { name: plan, displayName, tier },
      status,
      createdAt,
      lastLoginAt,
      consentsDue: [],
    })
  })
  return { app, name: 'bare Hono route with postgres.js', steps: 0 }
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
