import { type ErrorHandler, Hono, type MiddlewareHandler } from 'hono'
import { authenticate } from '../../src/access/bearer-guard.ts'
import type { AuthedEnv } from '../../src/access/env.ts'
import { verifyBearer } from '../../src/auth/bearer.ts'
import { findCatalogue } from '../../src/catalogue/queries.ts'
import { recordAuthzChange } from '../../src/changes/record.ts'
import { fuse } from '../../src/http/fuse.ts'
import { openContext } from '../../src/http/middleware/request-context.ts'
import { middleware } from '../../src/http/middleware.ts'
import { toResponse } from '../../src/http/output/on-error.ts'
import type { PublicEnv } from '../../src/http/request.ts'
import type { TestApp } from './app.ts'

/** The answer of a route behind these guards, in the real chain, to a token. On success it shows the principal. */
export function guardedBy(
  { deps }: TestApp,
  ...guards: MiddlewareHandler<AuthedEnv>[]
): (bearer: string) => Promise<Response> {
  const bearer = middleware<PublicEnv>({
    name: 'bearer',
    before: (c) => verifyBearer(deps, c.get('context'), c.req.raw.headers.get('authorization')),
  })
  const app = new Hono<AuthedEnv>()
  app.use(openContext(deps) as MiddlewareHandler, bearer as MiddlewareHandler)
  app.on('GET', '/', authenticate, ...guards, (c) => c.json(c.get('principal')))
  app.onError(toResponse as ErrorHandler)
  fuse(app)
  return async (token) => app.request('/', { headers: { Authorization: `Bearer ${token}` } })
}

/** Publishes a change that a test wrote to the tables, as services do: it applies from the next request on. */
export async function makeKnown({ sql }: TestApp, accountId: string): Promise<void> {
  await sql.begin((tx) => recordAuthzChange(tx, { accountId }))
}

/** Makes the instance read the edited catalogue. */
export async function reloadCatalogue({ deps, sql }: TestApp): Promise<void> {
  await sql`select record_catalogue_change()`
  deps.catalogue.current = await findCatalogue(sql)
}
