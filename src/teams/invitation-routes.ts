import { Hono } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { requireFeature } from '../access/feature-guards.ts'
import { Paging } from '../http/input/fields.ts'
import { body, noBody, noInput, params, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { listOf, readPageById } from '../http/output/page.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { requireMail } from '../mail/guard.ts'
import { mailTier } from '../rate-limits/auth-limit.ts'
import { Accepted, AddressOnly, LinkToken } from '../recovery/schemas.ts'
import { acceptTeam } from './accept.ts'
import { teamFeature } from './feature.ts'
import { inviteToTeam, readInvitations, takeBackInvitation } from './invitations.ts'
import { InvitationBody, InvitationPath } from './schemas.ts'

/** Invitations to the owner's team, and joining one by the link in the mail. */
export const teamInvitationRoutes = new Hono<AuthedEnv>()
  .get(
    '/team/invitations',
    describe('Team', 'The open invitations, newest first', { 200: listOf(InvitationBody) }, [
      'feature-not-in-plan',
      'team-owner-only',
      'invalid-cursor',
    ]),
    authenticate,
    query(Paging),
    noBody,
    async (c) => {
      const page = await readPageById(c.req.valid('query'), (slice) =>
        readInvitations(c.var.deps, c.var.principal, slice),
      )
      return c.json(page, 200)
    },
  )
  .post(
    '/team/invitations',
    describe('Team', 'Invite somebody by mail', { 202: Accepted }, [
      'team-owner-only',
      'seats-exhausted',
      'too-many-invitations',
    ]),
    authenticate,
    requireFeature(teamFeature),
    requireMail,
    mailTier,
    body(AddressOnly),
    idempotent,
    async (c) => {
      await inviteToTeam(c.var.deps, actorOf(c), c.req.valid('json').email)
      return c.json({ status: 'accepted' as const }, 202)
    },
  )
  .delete(
    '/team/invitations/:id',
    describe('Team', 'Take an invitation back', { 204: null }, ['not-found']),
    authenticate,
    params(InvitationPath),
    noInput,
    async (c) => {
      await takeBackInvitation(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
  .post(
    '/team/accept',
    describe('Team', 'Join the team, by the link of an invitation to the own verified address', { 204: null }, [
      'invalid-link',
      'already-in-team',
      'already-subscribed',
      'seats-exhausted',
    ]),
    authenticate,
    body(LinkToken, { compared: ['token'] }),
    idempotent,
    async (c) => {
      await acceptTeam(c.var.deps, actorOf(c), c.req.valid('json').token)
      return c.body(null, 204)
    },
  )
