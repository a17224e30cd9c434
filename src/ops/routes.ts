import { timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import { version } from '../config/version.ts'
import { AppError } from '../errors/app-error.ts'
import { noInput } from '../http/input/validate.ts'
import { middleware } from '../http/middleware.ts'
import { describe } from '../http/openapi.ts'
import { problemIndex, problemPage } from '../http/output/problem-pages.ts'
import type { PublicEnv } from '../http/request.ts'
import { readJobRuns } from '../jobs/runner.ts'
import { checkReadiness, isReady } from './health.ts'
import { readMetrics } from './metrics.ts'
import { referenceAsset } from './reference/assets.ts'
import { HealthBody, StatusBody } from './schemas.ts'

/** In production the operators' pages need OPS_TOKEN; while it is unset, they answer 404. */
const operatorsOnly = middleware<PublicEnv>({
  name: 'operatorsOnly',
  before(c) {
    const { production, opsToken } = c.get('deps').config
    if (!production) return
    if (opsToken === undefined) throw new AppError('not-found')
    if (isOperator(c.req.header('Authorization'), opsToken)) return
    const { refused, principal } = c.get('context')
    throw refused ?? new AppError(principal ? 'invalid-token' : 'authentication-required')
  },
})

export const opsRoutes = new Hono<PublicEnv>()
  .get('/live', describe('Operations', 'The process is alive', { 200: StatusBody }), noInput, (c) =>
    c.json({ status: 'ok' as const }, 200),
  )
  .get(
    '/ready',
    describe('Operations', 'This instance should get traffic', { 200: StatusBody }, ['service-unavailable']),
    noInput,
    async (c) => {
      const checks = await checkReadiness(c.get('deps'))
      if (isReady(checks)) return c.json({ status: 'ok' as const }, 200)
      const failed = Object.entries(checks).filter(([, check]) => check.status !== 'ok')
      throw new AppError('service-unavailable', {
        detail: failed.map(([name, { detail }]) => `${name}: ${detail}`).join('; '),
      })
    },
  )
  .get(
    '/health',
    describe('Operations', 'How it is; with details for operators', { 200: HealthBody }),
    noInput,
    async (c) => {
      const deps = c.get('deps')
      const checks = await checkReadiness(deps)
      const { redis } = deps
      // Without Redis the instance still serves: it refuses log-ins, and limits nothing else.
      const status = !isReady(checks) ? 'failing' : redis && !redis.isUp() ? 'degraded' : 'ok'
      const { production, opsToken } = deps.config
      if (production && !(opsToken !== undefined && isOperator(c.req.header('Authorization'), opsToken)))
        return c.json({ status }, 200)
      return c.json(
        {
          status,
          ...version,
          uptimeSeconds: Math.floor(process.uptime()),
          checks,
          database: deps.db.stats(),
          passwords: deps.passwords.stats(),
          catalogueVersion: deps.catalogue.current.version,
          overlayEntries: deps.recentChanges.size,
          ...(deps.replica && { replica: { status: deps.replica.status(), ageMs: Math.round(deps.replica.ageMs()) } }),
          rateLimits: {
            countedIn: redis ? 'redis' : 'memory',
            ...(redis && { status: redis.isUp() ? 'ok' : 'failed' }),
          },
          changeFeedAgeMs: Math.round(deps.feed.ageMs()),
          jobs: await readJobRuns(deps).catch(() => []),
        },
        200,
      )
    },
  )
  .get('/metrics', operatorsOnly, noInput, async (c) => {
    const { body, contentType } = await readMetrics(c.get('deps'))
    return c.body(body, 200, { 'Content-Type': contentType })
  })
  .get('/docs', operatorsOnly, noInput, () => page(referenceAsset('/docs')))
  .get('/docs/:file', operatorsOnly, noInput, (c) => page(referenceAsset(`/docs/${c.req.param('file')}`)))
  .get('/problems', noInput, (c) => page(problemIndex(c.req.header('Accept'))))
  .get('/problems/:code', noInput, (c) => page(problemPage(c.req.param('code'), c.req.header('Accept'))))

type Page = { body: Bun.BodyInit; headers: Record<string, string> } | undefined

function page(found: Page): Response {
  if (!found) throw new AppError('not-found')
  return new Response(found.body, { headers: found.headers })
}

function isOperator(authorization: string | undefined, token: string): boolean {
  const given = Buffer.from((authorization ?? '').replace(/^bearer +/i, 'Bearer '))
  const expected = Buffer.from(`Bearer ${token}`)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
