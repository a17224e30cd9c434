import { Hono, type MiddlewareHandler } from 'hono'
import { actorOf } from '../../access/actor.ts'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { recentSeconds } from '../../access/strength.ts'
import { requireRecent } from '../../access/strength-guards.ts'
import type { ProblemCode } from '../../errors/app-error.ts'
import { isKnown } from '../../http/etag.ts'
import { Paging } from '../../http/input/fields.ts'
import { body, noBody, noInput, params, query } from '../../http/input/validate.ts'
import { describe } from '../../http/openapi.ts'
import { listOf, readPage } from '../../http/output/page.ts'
import { ifMatch, preconditionOf } from '../../http/precondition.ts'
import { idempotent } from '../../idempotency/middleware.ts'
import { NamePath } from '../schemas.ts'
import {
  changeRole,
  createRole,
  readPermissions,
  readRole,
  readRoles,
  removeRole,
  requirePermissions,
  setPermissions,
  tagOfRole,
} from './roles.ts'
import { NewRole, PermissionBody, RoleBody, RoleEdit, RolePermissions } from './schemas.ts'

const settings = requirePermission('settings.manage')
const recent = requireRecent(recentSeconds)
const edited: ProblemCode[] = ['not-found', 'changed-meanwhile', 'seeded', 'privilege-escalation']
const about = (summary: string) => `${summary}; it reaches every token at its next request`

/** Refuses unknown permissions before the idempotency key is looked up. */
const knownPermissions: MiddlewareHandler<
  AuthedEnv,
  string,
  { in: { json: unknown }; out: { json: { permissions?: string[] } } }
> = (c, next) => {
  requirePermissions(c.get('deps'), c.req.valid('json').permissions ?? [])
  return next()
}

/** Roles and their permissions. */
export const roleRoutes = new Hono<AuthedEnv>()
  .get(
    '/roles',
    describe('Administration', 'Roles by level', { 200: listOf(RoleBody) }),
    authenticate,
    settings,
    query(Paging),
    noBody,
    async (c) => {
      const roles = await readPage(
        c.req.valid('query'),
        ['number', 'string'],
        (slice) => readRoles(c.var.deps, slice),
        ({ privilegeLevel, name }) => [privilegeLevel, name],
      )
      return c.json(roles, 200)
    },
  )
  .post(
    '/roles',
    describe('Administration', 'Make a role', { 201: RoleBody }, ['already-exists', 'privilege-escalation']),
    authenticate,
    settings,
    body(NewRole),
    knownPermissions,
    idempotent,
    async (c) => {
      const role = await createRole(c.var.deps, actorOf(c), c.req.valid('json'))
      return c.json(role, 201, { Location: `/v1/admin/roles/${role.name}` })
    },
  )
  .get(
    '/roles/:name',
    describe('Administration', 'One role', { 200: RoleBody, 304: null }, ['not-found']),
    authenticate,
    settings,
    params(NamePath),
    noInput,
    async (c) => {
      const role = await readRole(c.var.deps, c.req.valid('param').name)
      const etag = tagOfRole(role)
      if (isKnown(c, etag)) return c.body(null, 304, { ETag: etag })
      return c.json(role, 200, { ETag: etag })
    },
  )
  .patch(
    '/roles/:name',
    describe('Administration', about('Change a role'), { 200: RoleBody }, edited, ifMatch),
    authenticate,
    settings,
    recent,
    params(NamePath),
    body(RoleEdit),
    async (c) => {
      const { name } = c.req.valid('param')
      const role = await changeRole(c.var.deps, actorOf(c), name, c.req.valid('json'), preconditionOf(c))
      return c.json(role, 200, { ETag: tagOfRole(role) })
    },
  )
  .delete(
    '/roles/:name',
    describe('Administration', 'Delete a role that nobody has', { 204: null }, [
      'not-found',
      'seeded',
      'in-use',
      'privilege-escalation',
    ]),
    authenticate,
    settings,
    params(NamePath),
    noInput,
    async (c) => {
      await removeRole(c.var.deps, actorOf(c), c.req.valid('param').name)
      return c.body(null, 204)
    },
  )
  .put(
    '/roles/:name/permissions',
    describe('Administration', about("Set a role's permissions"), { 200: RoleBody }, edited, ifMatch),
    authenticate,
    settings,
    recent,
    params(NamePath),
    body(RolePermissions),
    async (c) => {
      const { permissions } = c.req.valid('json')
      const { name } = c.req.valid('param')
      const role = await setPermissions(c.var.deps, actorOf(c), name, permissions, preconditionOf(c))
      return c.json(role, 200, { ETag: tagOfRole(role) })
    },
  )
  .get(
    '/permissions',
    describe('Administration', 'Permissions by name', { 200: listOf(PermissionBody) }),
    authenticate,
    settings,
    query(Paging),
    noBody,
    async (c) => {
      const permissions = await readPage(
        c.req.valid('query'),
        ['string'],
        (slice) => readPermissions(c.var.deps, slice),
        ({ name }) => [name],
      )
      return c.json(permissions, 200)
    },
  )
