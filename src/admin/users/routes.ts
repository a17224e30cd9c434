import { Hono } from 'hono'
import { actorOf } from '../../access/actor.ts'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { recentSeconds } from '../../access/strength.ts'
import { requireRecent } from '../../access/strength-guards.ts'
import { eraseOther } from '../../account/erasure.ts'
import { ProfileChange } from '../../account/schemas.ts'
import { UserBody } from '../../auth/schemas.ts'
import { body, noBody, noInput, params, query } from '../../http/input/validate.ts'
import { describe } from '../../http/openapi.ts'
import { listOf, readPage } from '../../http/output/page.ts'
import { idempotent } from '../../idempotency/middleware.ts'
import { AccountPath, AdministeredUserBody, Lock, MfaReset, RoleChange, UsersQuery } from '../schemas.ts'
import { resetSecondFactors } from './second-factors.ts'
import { assignRole, changeUser, lock, readAdministeredUser, revokeSessions, searchUsers, unlock } from './users.ts'

const manages = requirePermission('users.manage')
const refusals = ['not-found', 'last-superadmin', 'privilege-escalation'] as const

/** Search and administration of users. Every change is authorised on locked rows and audited. */
export const userRoutes = new Hono<AuthedEnv>()
  .get(
    '/',
    describe('Administration', 'Find people', { 200: listOf(UserBody) }, ['invalid-cursor']),
    authenticate,
    manages,
    query(UsersQuery),
    noBody,
    async (c) => {
      const { limit, cursor, sort, ...filter } = c.req.valid('query')
      const { items, nextCursor } = await readPage(
        { limit, cursor },
        [sort.endsWith('email') ? 'string' : 'date', 'uuid'],
        (slice) => searchUsers(c.var.deps, actorOf(c), filter, { sort, ...slice }),
        ({ sortKey, id }) => [sortKey, id],
      )
      return c.json({ items: items.map(({ sortKey: _, ...user }) => user), nextCursor }, 200)
    },
  )
  .get(
    '/:id',
    describe('Administration', 'One person', { 200: AdministeredUserBody }, ['not-found']),
    authenticate,
    manages,
    params(AccountPath),
    noInput,
    async (c) => c.json(await readAdministeredUser(c.var.deps, actorOf(c), c.req.valid('param').id), 200),
  )
  .patch(
    '/:id',
    describe('Administration', "Change a person's profile", { 200: AdministeredUserBody }, [...refusals]),
    authenticate,
    manages,
    params(AccountPath),
    body(ProfileChange),
    async (c) => c.json(await changeUser(c.var.deps, actorOf(c), c.req.valid('param').id, c.req.valid('json')), 200),
  )
  .put(
    '/:id/role',
    describe('Administration', 'Give a person a role', { 200: AdministeredUserBody }, [...refusals]),
    authenticate,
    manages,
    requireRecent(recentSeconds),
    params(AccountPath),
    body(RoleChange),
    async (c) =>
      c.json(await assignRole(c.var.deps, actorOf(c), c.req.valid('param').id, c.req.valid('json').role), 200),
  )
  .post(
    '/:id/lock',
    describe('Administration', 'Lock an account', { 204: null }, [...refusals]),
    authenticate,
    manages,
    params(AccountPath),
    body(Lock),
    idempotent,
    async (c) => {
      await lock(c.var.deps, actorOf(c), c.req.valid('param').id, c.req.valid('json').reason)
      return c.body(null, 204)
    },
  )
  .post(
    '/:id/unlock',
    describe('Administration', 'End a lock, and a lockout', { 204: null }, [...refusals]),
    authenticate,
    manages,
    params(AccountPath),
    noInput,
    idempotent,
    async (c) => {
      await unlock(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
  .post(
    '/:id/revoke-sessions',
    describe('Administration', "End all of a person's sessions and API keys", { 204: null }, [...refusals]),
    authenticate,
    manages,
    params(AccountPath),
    noInput,
    idempotent,
    async (c) => {
      await revokeSessions(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
  .delete(
    '/:id/mfa',
    describe('Administration', 'Remove the second factors of a person who lost them; all sessions end', { 204: null }, [
      ...refusals,
    ]),
    authenticate,
    manages,
    requireRecent(recentSeconds),
    params(AccountPath),
    body(MfaReset),
    async (c) => {
      await resetSecondFactors(c.var.deps, actorOf(c), c.req.valid('param').id, c.req.valid('json').reason)
      return c.body(null, 204)
    },
  )
  .delete(
    '/:id',
    describe('Administration', 'Erase an account, for good', { 204: null }, [...refusals]),
    authenticate,
    manages,
    params(AccountPath),
    noInput,
    async (c) => {
      await eraseOther(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
