import { Hono } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { requireFeature } from '../access/feature-guards.ts'
import { Paging } from '../http/input/fields.ts'
import { body, noBody, noInput, params, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { listOf } from '../http/output/page.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { teamFeature } from './feature.ts'
import { readMembers, removeMember } from './members.ts'
import { MemberBody, MemberPath, TeamBody, TeamPatch } from './schemas.ts'
import { readTeam, renameTeam } from './team.ts'

/** The person's team. Owners and members can read and leave it on any plan, also while it is inactive. */
export const teamRoutes = new Hono<AuthedEnv>()
  .get(
    '/team',
    describe('Team', 'The own team, or the empty one of who may have one', { 200: TeamBody }, ['feature-not-in-plan']),
    authenticate,
    noInput,
    async (c) => c.json(await readTeam(c.var.deps, c.var.principal), 200),
  )
  .patch(
    '/team',
    describe('Team', 'Name the team; its owner alone', { 200: TeamBody }, ['team-owner-only']),
    authenticate,
    requireFeature(teamFeature),
    body(TeamPatch),
    idempotent,
    async (c) => c.json(await renameTeam(c.var.deps, actorOf(c), c.req.valid('json')), 200),
  )
  .get(
    '/team/members',
    describe('Team', 'Who is in the team, in the order of joining', { 200: listOf(MemberBody) }, [
      'feature-not-in-plan',
      'invalid-cursor',
    ]),
    authenticate,
    query(Paging),
    noBody,
    async (c) => c.json(await readMembers(c.var.deps, c.var.principal, c.req.valid('query')), 200),
  )
  .delete(
    '/team/members/:id',
    describe('Team', 'Remove a member, or leave the team; the owner leaves last, and it ends', { 204: null }, [
      'not-found',
      'team-owner-only',
      'team-not-empty',
    ]),
    authenticate,
    params(MemberPath),
    noInput,
    async (c) => {
      await removeMember(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
