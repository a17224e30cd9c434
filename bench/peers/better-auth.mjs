/**
 * Better Auth as it documents the check of its tokens: mounted in Hono on Bun, the token of its jwt plugin (EdDSA) verified
 * by jose against its JWKS, which stays in memory. `DATABASE_URL` names a database of its own, `PORT` where it listens.
 */
import { randomBytes } from 'node:crypto'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { bearer, jwt } from 'better-auth/plugins'
import { Hono } from 'hono'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import pg from 'pg'

const base = `http://127.0.0.1:${process.env.PORT}`
const options = {
  baseURL: base,
  secret: randomBytes(32).toString('base64'),
  telemetry: { enabled: false },
  database: new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 }),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  logger: { level: 'error' },
  plugins: [
    bearer(),
    jwt({
      jwt: {
        expirationTime: '12h',
        definePayload: () => ({ permissions: ['dashboard.read', 'profile.read'], features: ['api_access'] }),
      },
    }),
  ],
}
await (await getMigrations(options)).runMigrations()
const auth = betterAuth(options)
const keys = createRemoteJWKSet(new URL(`${base}/api/auth/jwks`), { cacheMaxAge: 3_600_000 })

const app = new Hono()
app.get('/ready', (c) => c.json({ ok: true }))
app.on(['POST', 'GET'], '/api/auth/*', (c) => auth.handler(c.req.raw))
app.get('/gated', async (c) => {
  try {
    const token = (c.req.header('authorization') ?? '').slice('Bearer '.length)
    const { payload } = await jwtVerify(token, keys, { issuer: base, audience: base })
    if (!payload.permissions.includes('dashboard.read')) return c.json({ error: 'forbidden' }, 403)
    if (!payload.features.includes('api_access')) return c.json({ error: 'feature' }, 403)
    return c.json({ feature: 'premium_dashboard', granted: true, limit: null })
  } catch {
    return c.json({ error: 'unauthorized' }, 401)
  }
})
Bun.serve({ port: Number(process.env.PORT), hostname: '127.0.0.1', fetch: app.fetch })
