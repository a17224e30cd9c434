import { Hono, type MiddlewareHandler } from 'hono'
import { actorOf } from '../../access/actor.ts'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { recentSeconds, requireRecentAt } from '../../access/strength.ts'
import { SessionBodySchema } from '../../auth/schemas.ts'
import { body, noInput, params } from '../../http/input/validate.ts'
import { describe, policy } from '../../http/openapi.ts'
import type { PublicEnv } from '../../http/request.ts'
import { idempotent } from '../../idempotency/middleware.ts'
import { requireMail } from '../../mail/guard.ts'
import { authTier, mailTier } from '../../rate-limits/auth-limit.ts'
import { Accepted } from '../../recovery/schemas.ts'
import { AccountPath, AdministeredUserBody } from '../schemas.ts'
import { acceptInvitation } from './accept.ts'
import { invite, inviteAgain, mailPasswordReset } from './invite.ts'
import { Acceptance, NewUser } from './schemas.ts'

const manages = requirePermission('users.manage')
const refusals = ['not-found', 'privilege-escalation'] as const
const accepted = { status: 'accepted' as const }

/** An invitation with a role requires a recent sign-in, as PUT …/role does. */
const recentToGiveRole: MiddlewareHandler<AuthedEnv, string, { in: { json: unknown }; out: { json: NewUser } }> =
  policy(
    `recent ${recentSeconds} to give a role`,
    (c, next) => {
      if (c.req.valid('json').role !== undefined) requireRecentAt(c.get('principal'), c.get('deps').now())
      return next()
    },
    ['reauthentication-required'],
  )

/** Mails by which people set their own passwords, sent by administrators. */
export const invitationRoutes = new Hono<AuthedEnv>()
  .post(
    '/',
    describe('Administration', 'Invite somebody: the account opens when they accept', { 201: AdministeredUserBody }, [
      'email-taken',
      'privilege-escalation',
    ]),
    authenticate,
    manages,
    requireMail,
    mailTier,
    body(NewUser),
    recentToGiveRole,
    idempotent,
    async (c) => {
      const user = await invite(c.var.deps, actorOf(c), c.req.valid('json'))
      return c.json(user, 201, { Location: `/v1/admin/users/${user.id}` })
    },
  )
  .post(
    '/:id/invitation',
    describe('Administration', 'Mail an invitation again; three links of it work at most', { 202: Accepted }, [
      ...refusals,
      'not-invited',
    ]),
    authenticate,
    manages,
    requireMail,
    mailTier,
    params(AccountPath),
    noInput,
    idempotent,
    async (c) => {
      await inviteAgain(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.json(accepted, 202)
    },
  )
  .post(
    '/:id/password-reset',
    describe('Administration', 'Mail a link for a new password; three links work at most', { 202: Accepted }, [
      ...refusals,
    ]),
    authenticate,
    manages,
    requireMail,
    mailTier,
    params(AccountPath),
    noInput,
    idempotent,
    async (c) => {
      await mailPasswordReset(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.json(accepted, 202)
    },
  )

/** Acceptance of an invitation, by the link in the mail. */
export const acceptanceRoutes = new Hono<PublicEnv>().post(
  '/invitation/accept',
  describe(
    'Authentication',
    'Accept an invitation by its link, with a password of one’s own',
    { 200: SessionBodySchema },
    ['invalid-link'],
  ),
  authTier({ deferred: false }),
  body(Acceptance, { compared: ['token'] }),
  async (c) => {
    const { deps, context } = c.var
    return c.json(await acceptInvitation(deps, context.origin, c.req.valid('json'), context.signal), 200)
  },
)
