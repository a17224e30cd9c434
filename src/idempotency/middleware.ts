import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { isLockTimeout, nested } from '../db/database.ts'
import type { Db } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import { withSql } from '../http/caller-deps.ts'
import type { PublicEnv } from '../http/request.ts'

declare module '../http/request.ts' {
  interface RequestContext {
    /** The answer to a repeat under the same Idempotency-Key, where the first answer holds a secret. */
    replay?: string
  }
}

/** The Env behind a guard that has set the principal. */
type OwnedEnv = PublicEnv & { Variables: { principal: { accountId: string } } }

const keyPattern = /^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/
/** The headers that are stored with the body. */
const keptHeaders = ['Content-Type', 'Location']

type Stored = { requestHash: Buffer; status: number; headers: Record<string, string>; body: string | null }

/** Rolls back an answer that is not stored; the answer itself is sent. */
class NotKept extends Error {}

/**
 * `Idempotency-Key`: a repeat of a request under the same key within 24 h gets the stored answer and changes nothing.
 * Place it last, behind guards and validation. The handler runs inside the transaction that stores its answer, so a
 * crash leaves both or neither; concurrent repeats wait for the first.
 */
export const idempotent = createMiddleware<OwnedEnv>(async function idempotent(c, next) {
  const key = c.req.header('Idempotency-Key')
  if (key === undefined) return next()
  if (!keyPattern.test(key))
    throw new AppError('bad-request', { detail: 'Idempotency-Key takes 1 to 255 printable ASCII characters.' })
  const deps = c.get('deps')
  const scope = { accountId: c.get('principal').accountId, method: c.req.method, path: c.req.path, key }
  // A keyed hash: the body may hold a password, which could be guessed from a plain one.
  const requestHash = deps.counterKey('request', await c.req.text())
  try {
    const replay = await deps.sql.begin(async (tx) => {
      const stored = await claim(tx, scope, requestHash)
      if (stored) return stored
      const inner = nested(tx)
      c.set('deps', withSql(deps, inner))
      await inner.begin(() => next().then(() => refuseOnError(c.error))).catch(() => {})
      if (!isKept(c.res.status, c.error)) throw new NotKept()
      await storeResponse(tx, scope, c.res.status, c.res.headers, await bodyToKeep(c))
      return null
    })
    if (!replay) return
    if (!replay.requestHash.equals(requestHash)) throw new AppError('idempotency-key-reused')
    return new Response(replay.body, {
      status: replay.status,
      headers: { ...replay.headers, 'Idempotency-Replayed': 'true' },
    })
  } catch (error) {
    if (error instanceof NotKept) return
    // Headers of the rolled-back answer, such as Location, must not remain on the error.
    c.res = undefined
    throw error
  } finally {
    c.set('deps', deps)
  }
})

/** The body to store. Secrets are never stored: for an answer that holds one, the handler sets a replacement. */
async function bodyToKeep({ res, var: { context } }: Context<OwnedEnv>): Promise<string | null> {
  return context.replay ?? (res.body === null ? null : await res.clone().text())
}

/** Hono turns a thrown error into an answer; the savepoint needs the error itself. */
function refuseOnError(error: Error | undefined): void {
  if (error) throw error
}

/**
 * Whether an answer is stored: successes, and conflicts of the service. Refusals by validation, authorisation and
 * limits are checked anew for each repeat.
 */
function isKept(status: number, error: Error | undefined): boolean {
  return (status >= 200 && status < 300) || (status === 409 && error instanceof AppError)
}

type Scope = { accountId: string; method: string; path: string; key: string }

/** The stored answer, or null once this request has claimed the key. Waits for a concurrent request under the key. */
async function claim(tx: Db, { accountId, method, path, key }: Scope, requestHash: Buffer): Promise<Stored | null> {
  try {
    await tx`
      delete from idempotency_keys
       where account_id = ${accountId} and method = ${method} and path = ${path} and key = ${key} and created_at < clock_timestamp() - interval '24 hours'`
    const mine = await tx`
      insert into idempotency_keys (account_id, method, path, key, request_hash, status)
      select id, ${method}, ${path}, ${key}, ${requestHash}, 0 from user_accounts where id = ${accountId} and status <> 'deleted' for key share
      on conflict do nothing returning 1`
    if (mine.length === 1) return null
  } catch (error) {
    if (isLockTimeout(error)) throw new AppError('idempotency-key-in-use', { cause: error })
    throw error
  }
  const [stored] = await tx<Stored[]>`
    select request_hash, status, headers, body from idempotency_keys
     where account_id = ${accountId} and method = ${method} and path = ${path} and key = ${key}`
  return stored ?? null
}

async function storeResponse(
  tx: Db,
  { accountId, method, path, key }: Scope,
  status: number,
  answered: { get(name: string): string | null },
  body: string | null,
): Promise<void> {
  const headers: Record<string, string> = {}
  for (const name of keptHeaders) {
    const value = answered.get(name)
    if (value !== null) headers[name] = value
  }
  await tx`
    update idempotency_keys set status = ${status}, headers = ${tx.json(headers)}, body = ${body}
     where account_id = ${accountId} and method = ${method} and path = ${path} and key = ${key}`
}
