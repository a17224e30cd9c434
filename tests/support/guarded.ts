import { Hono, type MiddlewareHandler } from 'hono'
import { recordAuthzChange } from '../../src/access/changes.ts'
import { authenticate, judgeBearer } from '../../src/auth/guards.ts'
import type { AuthedEnv, PublicEnv } from '../../src/env.ts'
import { chain, enclose } from '../../src/http/chain.ts'
import { toResponse } from '../../src/http/respond.ts'
import { findCatalogue } from '../../src/plans/queries.ts'
import type { TestApp } from './app.ts'

/** A route behind these guards, in the real chain: what it answers to a token. On success it shows the principal. */
export function guardedBy(
  { deps }: TestApp,
  ...guards: MiddlewareHandler<AuthedEnv>[]
): (bearer: string) => Promise<Response> {
  const route = new Hono<AuthedEnv>().on('GET', '/', authenticate, ...guards, (c) => c.json(c.get('principal')))
  const bearer = {
    name: 'bearer',
    before: (...[c, call]: Parameters<NonNullable<Parameters<typeof chain>[1][number]['before']>>) =>
      judgeBearer(deps, call, c.req.raw.headers.get('authorization')),
  }
  const app = new Hono<PublicEnv>().route('/', route)
  enclose(app, chain(deps, [bearer], toResponse))
  return async (token) => app.request('/', { headers: { Authorization: `Bearer ${token}` } })
}

/** Makes a change that a test wrote to the tables known, as every service does: obeyed from the next request on. */
export async function makeKnown({ sql }: TestApp, accountId: string): Promise<void> {
  await sql.begin((tx) => recordAuthzChange(tx, { accountId }))
}

/** The instance learns of an edited catalogue. */
export async function reloadCatalogue({ deps, sql }: TestApp): Promise<void> {
  await sql`select record_catalogue_change()`
  deps.catalogue.current = await findCatalogue(sql)
}
