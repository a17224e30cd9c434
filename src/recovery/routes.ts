import { Hono } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { anonymous } from '../audit/actor.ts'
import { recentOrPassword } from '../auth/recent-guard.ts'
import { body } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import type { PublicEnv } from '../http/request.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { requireMail } from '../mail/guard.ts'
import { authTier, mailTier } from '../rate-limits/auth-limit.ts'
import { confirmEmailChange, requestEmailChange } from './email-change.ts'
import { undoEmailChange } from './email-undo.ts'
import { resetPassword } from './password-reset.ts'
import { requestPasswordReset, resendVerification } from './requested-links.ts'
import { Accepted, AddressOnly, EmailChange, LinkToken, PasswordReset } from './schemas.ts'
import { verifyEmail } from './verification.ts'

const failures = authTier({ deferred: false })
const accepted = { status: 'accepted' as const }

/** Routes for people who cannot sign in: they request a mail, and use the link in it. */
export const recoveryRoutes = new Hono<PublicEnv>()
  .post(
    '/password/forgot',
    describe('Recovery', 'Mail a link for a new password, where the address has an account', { 202: Accepted }),
    requireMail,
    mailTier,
    failures,
    body(AddressOnly),
    async (c) => {
      await requestPasswordReset(c.var.deps, c.req.valid('json').email)
      return c.json(accepted, 202)
    },
  )
  .post(
    '/password/reset',
    describe('Recovery', 'Set a new password by a link; every session and API key ends', { 204: null }, [
      'invalid-link',
    ]),
    failures,
    body(PasswordReset, { compared: ['token'] }),
    async (c) => {
      const { deps, context } = c.var
      await resetPassword(deps, anonymous(context.origin), c.req.valid('json'), context.signal)
      return c.body(null, 204)
    },
  )
  .post(
    '/email/verify',
    describe('Recovery', 'Verify an e-mail address by a link', { 204: null }, ['invalid-link']),
    failures,
    body(LinkToken, { compared: ['token'] }),
    async (c) => {
      await verifyEmail(c.var.deps, anonymous(c.var.context.origin), c.req.valid('json').token)
      return c.body(null, 204)
    },
  )
  .post(
    '/email/resend',
    describe('Recovery', 'Mail the verification link again, where an address waits for it', { 202: Accepted }),
    requireMail,
    mailTier,
    failures,
    body(AddressOnly),
    async (c) => {
      await resendVerification(c.var.deps, c.req.valid('json').email)
      return c.json(accepted, 202)
    },
  )
  .post(
    '/email/confirm-change',
    describe('Recovery', 'Take the new e-mail address, by the link that went there', { 204: null }, ['invalid-link']),
    failures,
    body(LinkToken, { compared: ['token'] }),
    async (c) => {
      await confirmEmailChange(c.var.deps, anonymous(c.var.context.origin), c.req.valid('json').token)
      return c.body(null, 204)
    },
  )
  .post(
    '/email/undo-change',
    describe(
      'Recovery',
      'Bring the old e-mail address back, by the link that went there; password, sessions and API keys end',
      { 204: null },
      ['invalid-link'],
    ),
    failures,
    body(LinkToken, { compared: ['token'] }),
    async (c) => {
      await undoEmailChange(c.var.deps, anonymous(c.var.context.origin), c.req.valid('json').token)
      return c.body(null, 204)
    },
  )

export const ownEmailRoutes = new Hono<AuthedEnv>().post(
  '/me/email',
  describe('Account', 'Ask for another e-mail address; a link goes there', { 202: Accepted }, ['mfa-required']),
  authenticate,
  requireMail,
  mailTier,
  failures,
  body(EmailChange, { compared: ['password'] }),
  recentOrPassword<EmailChange>(),
  idempotent,
  async (c) => {
    const { deps, context } = c.var
    await requestEmailChange(deps, actorOf(c), c.req.valid('json').newEmail, context.passwordVersion)
    return c.json(accepted, 202)
  },
)
