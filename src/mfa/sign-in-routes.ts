import { Hono } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { SessionBodySchema } from '../auth/schemas.ts'
import { body, noInput } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import type { PublicEnv } from '../http/request.ts'
import { RequestOptions } from '../passkeys/schemas.ts'
import { authTier } from '../rate-limits/auth-limit.ts'
import {
  reauthenticateByCode,
  reauthenticateByPasskey,
  reauthenticateByPassword,
  reauthenticationOptions,
} from './reauthentication.ts'
import { MfaTokenOnly, Reauthentication, RenewedAccess, SecondStep } from './schemas.ts'
import { completeByCode, completeByPasskey, secondStepOptions } from './second-step.ts'

const failures = authTier({ deferred: false })

/** The second step of a sign-in. */
export const secondStepRoutes = new Hono<PublicEnv>()
  .post(
    '/mfa',
    describe('Authentication', 'Complete a sign-in by its second factor', { 200: SessionBodySchema }, [
      'invalid-mfa-token',
      'invalid-code',
      'invalid-passkey',
      'account-locked',
    ]),
    failures,
    body(SecondStep, { compared: ['mfaToken', 'code'] }),
    async (c) => {
      const { deps, context } = c.var
      const { mfaToken, code = '', passkey } = c.req.valid('json')
      const session = passkey
        ? await completeByPasskey(deps, context.origin, { mfaToken, passkey })
        : await completeByCode(deps, context.origin, { mfaToken, code })
      return c.json(session, 200)
    },
  )
  .post(
    '/mfa/options',
    describe('Authentication', 'Begin the second step with a passkey', { 200: RequestOptions }, [
      'invalid-mfa-token',
      'no-second-factor',
    ]),
    failures,
    body(MfaTokenOnly, { compared: ['mfaToken'] }),
    async (c) => c.json(await secondStepOptions(c.var.deps, c.req.valid('json').mfaToken), 200),
  )

/** Reauthentication of a session (RFC 9470). */
export const reauthenticationRoutes = new Hono<AuthedEnv>()
  .post(
    '/reauthenticate',
    describe('Authentication', 'Prove again who you are: by password, code or passkey', { 200: RenewedAccess }, [
      'invalid-credentials',
      'invalid-code',
      'invalid-passkey',
      'account-locked',
    ]),
    // Before `failures`: requests without a token must not use up the limit of their address.
    authenticate,
    failures,
    body(Reauthentication, { compared: ['password', 'code'] }),
    async (c) => {
      const { deps, context } = c.var
      const { password, code = '', passkey } = c.req.valid('json')
      if (passkey) return c.json(await reauthenticateByPasskey(deps, actorOf(c), passkey), 200)
      const renewed =
        password === undefined
          ? await reauthenticateByCode(deps, actorOf(c), code)
          : await reauthenticateByPassword(deps, actorOf(c), password, context.signal)
      return c.json(renewed, 200)
    },
  )
  .post(
    '/reauthenticate/options',
    describe('Authentication', 'Begin to prove again who you are, with a passkey', { 200: RequestOptions }, [
      'no-second-factor',
    ]),
    authenticate,
    noInput,
    async (c) => c.json(await reauthenticationOptions(c.var.deps, actorOf(c)), 200),
  )
