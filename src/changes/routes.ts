import { Hono } from 'hono'
import { z } from 'zod'
import { authenticateOrKey } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { requirePermission } from '../access/guards.ts'
import { Limit } from '../http/input/fields.ts'
import { noBody, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { readPublishedChanges } from './published.ts'
import { AuthzChangeBody } from './schemas.ts'

const ChangesQuery = z.lazy(() =>
  z.strictObject({
    since: z
      .string()
      .max(2_048)
      .optional()
      .meta({ description: 'nextCursor of the answer before; absent: from the oldest kept' }),
    limit: Limit,
  }),
)
/** Unlike other lists this one has no end: there is always a next cursor. */
const ChangesBody = z.lazy(() => z.object({ items: z.array(AuthzChangeBody), nextCursor: z.string() }))

/** The changes by which other services keep their view of rights current: see docs/verifying-tokens.md. */
export const accessRoutes = new Hono<AuthedEnv>().get(
  '/authz/changes',
  describe('Access', 'Changes of authorisation, for services that verify tokens themselves', { 200: ChangesBody }, [
    'invalid-cursor',
    'cursor-expired',
  ]),
  authenticateOrKey('authz.read'),
  requirePermission('authz.read'),
  query(ChangesQuery),
  noBody,
  async (c) => {
    const { since, limit } = c.req.valid('query')
    return c.json(await readPublishedChanges(c.var.deps, since, limit), 200)
  },
)
