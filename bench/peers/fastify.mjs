/**
 * The strongest way of Node to do the same: Fastify with @fastify/jwt, @fastify/helmet, pg and npm's argon2. `DATABASE_URL`
 * names a database of its own, `PORT` where it listens.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import helmet from '@fastify/helmet'
import jwt from '@fastify/jwt'
import argon2 from 'argon2'
import Fastify from 'fastify'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 })
await pool.query(`
  create table if not exists users (
    id uuid primary key default gen_random_uuid(),
    email text not null unique,
    password_hash text not null,
    role text not null default 'user',
    permissions text[] not null default '{dashboard.read,profile.read,profile.update}',
    features text[] not null default '{api_access}'
  );
  create table if not exists refresh_tokens (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users (id),
    family uuid not null,
    token_hash bytea not null unique,
    expires_at timestamptz not null,
    revoked_at timestamptz
  )`)

const cost = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const insertToken = `insert into refresh_tokens (user_id, family, token_hash, expires_at)`
const app = Fastify({ logger: false, genReqId: () => randomUUID() })
await app.register(helmet)
await app.register(jwt, {
  secret: randomBytes(48).toString('base64'),
  sign: { algorithm: 'HS256', expiresIn: '12h' },
  verify: { algorithms: ['HS256'] },
})

const newToken = () => randomBytes(32).toString('base64url')
const hashOf = (token) => createHash('sha256').update(token).digest()
const accessTokenOf = ({ id, email, role, permissions, features }) =>
  app.jwt.sign({ sub: id, email, role, permissions, features, jti: randomUUID() })

/** Every statement is prepared under its name. */
async function findOne(name, text, values) {
  const { rows } = await pool.query({ name, text, values })
  return rows[0]
}

const text = { type: 'string' }
const credentials = {
  schema: { body: { type: 'object', required: ['email', 'password'], properties: { email: text, password: text } } },
}

app.get('/ready', () => ({ ok: true }))

app.post('/v1/auth/register', credentials, async ({ body }, reply) => {
  const hash = await argon2.hash(body.password, cost)
  const token = newToken()
  const user = await findOne(
    'register',
    `with u as (insert into users (email, password_hash) values ($1, $2) on conflict do nothing returning *),
          t as (${insertToken} select id, gen_random_uuid(), $3, now() + interval '7 days' from u)
     select id, email, role, permissions, features from u`,
    [body.email, hash, hashOf(token)],
  )
  if (!user) return reply.code(409).send({ error: 'exists' })
  reply.code(201)
  return { accessToken: accessTokenOf(user), refreshToken: token }
})

app.post('/v1/auth/login', credentials, async ({ body }, reply) => {
  const user = await findOne(
    'find',
    'select id, email, role, permissions, features, password_hash from users where email = $1',
    [body.email],
  )
  if (!user || !(await argon2.verify(user.password_hash, body.password)))
    return reply.code(401).send({ error: 'invalid' })
  const token = newToken()
  await findOne('sign in', `${insertToken} values ($1, gen_random_uuid(), $2, now() + interval '7 days')`, [
    user.id,
    hashOf(token),
  ])
  return { accessToken: accessTokenOf(user), refreshToken: token }
})

app.post('/v1/auth/refresh', async ({ body }, reply) => {
  const token = newToken()
  const user = await findOne(
    'refresh',
    `with o as (update refresh_tokens set revoked_at = now()
                 where token_hash = $1 and revoked_at is null and expires_at > now() returning user_id, family),
          n as (${insertToken} select user_id, family, $2, now() + interval '7 days' from o)
     select u.id, u.email, u.role, u.permissions, u.features from o join users u on u.id = o.user_id`,
    [hashOf(body.refreshToken), hashOf(token)],
  )
  return user ? { accessToken: accessTokenOf(user), refreshToken: token } : reply.code(401).send({ error: 'invalid' })
})

const authenticate = (request) => request.jwtVerify()
const demandPermission = async ({ user }, reply) => {
  if (!user.permissions.includes('dashboard.read')) return reply.code(403).send({ error: 'forbidden' })
}
const demandFeature = async ({ user }, reply) => {
  if (!user.features.includes('api_access')) return reply.code(403).send({ error: 'feature' })
}
app.get('/gated', { onRequest: [authenticate, demandPermission, demandFeature] }, async (request, reply) => {
  reply.header('x-request-id', request.id)
  return { feature: 'premium_dashboard', granted: true, limit: null }
})

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
