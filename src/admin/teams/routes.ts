import { Hono } from 'hono'
import { actorOf } from '../../access/actor.ts'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { noBody, query } from '../../http/input/validate.ts'
import { describe } from '../../http/openapi.ts'
import { listOf, readPageById } from '../../http/output/page.ts'
import { TeamItem, TeamsQuery } from './schemas.ts'
import { readTeams } from './teams.ts'

export const teamAdminRoutes = new Hono<AuthedEnv>().get(
  '/teams',
  describe('Administration', 'Teams, newest first', { 200: listOf(TeamItem) }),
  authenticate,
  requirePermission('subscriptions.manage'),
  query(TeamsQuery),
  noBody,
  async (c) => {
    const { limit, cursor, ownerId, surplus } = c.req.valid('query')
    const filter = { ...(ownerId && { ownerId }), isSurplus: surplus === 'true' }
    return c.json(
      await readPageById({ limit, cursor }, (slice) => readTeams(c.var.deps, actorOf(c), filter, slice)),
      200,
    )
  },
)
