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

/** Behind a guard that knows whose request it is. */
type OwnedEnv = PublicEnv & { Variables: { principal: { accountId: string } } }

const keyPattern = /^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/
/** What of an answer is worth keeping beside its body. */
const keptHeaders = ['Content-Type', 'Location']

type Stored = { requestHash: Buffer; status: number; headers: Record<string, string>; body: string | null }

/** An answer that is not kept: what was written is undone, and the answer stands as it is. */
class NotKept extends Error {}

/**
 * `Idempotency-Key`: the same request, sent again with the same key within 24 h, gets the answer of the first and does
 * nothing more. Place it last, behind guards and validation. The handler runs inside the transaction that stores its
 * answer, so a crash leaves both or neither; parallel repeats wait for the first.
 */
export const idempotent = createMiddleware<OwnedEnv>(async function idempotent(c, next) {
  const key = c.req.header('Idempotency-Key')
  if (key === undefined) return next()
  if (!keyPattern.test(key))
    throw new AppError('bad-request', { detail: 'Idempotency-Key takes 1 to 255 printable ASCII characters.' })
  const deps = c.get('deps')
  const scope = { accountId: c.get('principal').accountId, method: c.req.method, path: c.req.path, key }
  // Keyed, for a body may hold a password, which a plain hash would let be guessed.
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
    // The answer that was undone leaves no header, such as Location, to the one that tells of it.
    c.res = undefined
    throw error
  } finally {
    c.set('deps', deps)
  }
})

/** Secrets are never stored: the handler says what stands in for an answer that holds one. */
async function bodyToKeep({ res, var: { context } }: Context<OwnedEnv>): Promise<string | null> {
  return context.replay ?? (res.body === null ? null : await res.clone().text())
}

/** Hono turns what a handler throws into an answer; the savepoint has to hear of it. */
function refuseOnError(error: Error | undefined): void {
  if (error) throw error
}

/** A success, and a service's own conflict; what validation, authorisation and limits say is judged anew each time. */
function isKept(status: number, error: Error | undefined): boolean {
  return (status >= 200 && status < 300) || (status === 409 && error instanceof AppError)
}

type Scope = { accountId: string; method: string; path: string; key: string }

/** The stored answer, or null once the key is ours; waits for a repeat that is at work. */
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
