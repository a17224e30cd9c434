import { Hono, type MiddlewareHandler } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { recentSeconds } from '../access/strength.ts'
import { requireRecent } from '../access/strength-guards.ts'
import { body, noInput } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { authTier } from '../rate-limits/auth-limit.ts'
import { endAttempt } from './code-attempts.ts'
import {
  beginTotp,
  confirmTotp,
  type EnrolmentAttempt,
  removeTotp,
  renewRecoveryCodes,
  reserveConfirmation,
} from './enrolment.ts'
import { readFactors } from './factors.ts'
import { EnrolmentBody, MfaBody, RecoveryCodesBody, TotpCode } from './schemas.ts'

declare module '../http/request.ts' {
  interface RequestContext {
    /** The reserved attempt to confirm an authenticator app. */
    enrolmentAttempt?: EnrolmentAttempt
  }
}

const failures = authTier({ deferred: false })
const recently = requireRecent(recentSeconds)

/** Runs outside the transaction of `idempotent`: a wrong code is counted even if that is rolled back. */
const confirmationAttempt: MiddlewareHandler<AuthedEnv> = async (c, next) => {
  const { deps, context, principal } = c.var
  const attempt = await reserveConfirmation(deps, actorOf(c))
  const counted = { accountId: principal.accountId, reservation: attempt.reservation }
  context.enrolmentAttempt = attempt
  await next()
  // A correct code has reset the counter; a replayed answer has used none.
  if (c.error || c.res.headers.has('Idempotency-Replayed')) await endAttempt(deps, context.origin, counted, c.error)
}

/** The `Location` of what was made. */
const Location = '/v1/me/mfa'

export const ownFactorRoutes = new Hono<AuthedEnv>()
  .get(
    '/',
    describe('Second factors', 'What there is beside the password', { 200: MfaBody }),
    authenticate,
    noInput,
    async (c) => c.json(await readFactors(c.var.deps, c.var.principal), 200),
  )
  .post(
    '/totp',
    describe('Second factors', 'Begin with an authenticator app', { 201: EnrolmentBody }, [
      'mfa-required',
      'already-exists',
    ]),
    authenticate,
    recently,
    noInput,
    idempotent,
    async (c) => {
      const enrolment = await beginTotp(c.var.deps, actorOf(c))
      c.var.context.replay = JSON.stringify({ secret: null, otpauthUri: null, qrSvg: null })
      return c.json(enrolment, 201, { Location })
    },
  )
  .post(
    '/totp/confirm',
    describe(
      'Second factors',
      'Confirm an authenticator app by a code: it is asked for from then on; other sessions end',
      { 200: RecoveryCodesBody },
      ['mfa-required', 'invalid-code', 'account-locked', 'not-found'],
    ),
    authenticate,
    recently,
    failures,
    body(TotpCode, { compared: ['code'] }),
    confirmationAttempt,
    idempotent,
    async (c) => {
      const { deps, context } = c.var
      if (!context.enrolmentAttempt) throw new Error('confirmationAttempt stands before this')
      const recoveryCodes = await confirmTotp(deps, actorOf(c), c.req.valid('json').code, context.enrolmentAttempt)
      context.replay = JSON.stringify({ recoveryCodes: null })
      return c.json({ recoveryCodes }, 200)
    },
  )
  .delete(
    '/totp',
    describe('Second factors', 'Remove the authenticator app', { 204: null }, ['mfa-required', 'not-found']),
    authenticate,
    recently,
    noInput,
    async (c) => {
      await removeTotp(c.var.deps, actorOf(c))
      return c.body(null, 204)
    },
  )
  .post(
    '/recovery-codes',
    describe('Second factors', 'New recovery codes; the old ones are void', { 200: RecoveryCodesBody }, [
      'mfa-required',
      'no-second-factor',
    ]),
    authenticate,
    recently,
    noInput,
    idempotent,
    async (c) => {
      const recoveryCodes = await renewRecoveryCodes(c.var.deps, actorOf(c))
      c.var.context.replay = JSON.stringify({ recoveryCodes: null })
      return c.json({ recoveryCodes }, 200)
    },
  )
