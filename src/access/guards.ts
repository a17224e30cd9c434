import { AppError } from '../errors/app-error.ts'
import { middleware } from '../http/middleware.ts'
import { policy } from '../http/openapi.ts'
import type { AuthedEnv } from './env.ts'
import { administratorLevel } from './privilege.ts'

/** 403 `role-not-allowed` unless the principal has one of `roles`. */
export function requireRole(...roles: [string, ...string[]]) {
  const guard = middleware<AuthedEnv>({
    name: 'requireRole',
    before(c) {
      if (!roles.includes(c.get('principal').role))
        throw new AppError('role-not-allowed', { members: { requiredRoles: roles } })
    },
  })
  return policy(`role ${roles.join('|')}`, guard, ['role-not-allowed'])
}

/** 403 `privilege-too-low` below `level` (0–100). */
export function requirePrivilege(level: number) {
  const guard = middleware<AuthedEnv>({
    name: 'requirePrivilege',
    before(c) {
      if (level >= administratorLevel && c.get('deps').feed.isStale()) throw new AppError('authorisation-stale')
      if (c.get('principal').privilegeLevel < level)
        throw new AppError('privilege-too-low', { members: { requiredPrivilege: level } })
    },
  })
  return policy(`privilege ${level}`, guard, ['privilege-too-low', 'authorisation-stale'])
}

/** 403 `permission-denied` unless the principal holds every one of `permissions`. */
export function requirePermission(...permissions: [string, ...string[]]) {
  const guard = middleware<AuthedEnv>({
    name: 'requirePermission',
    before(c) {
      const held = c.get('principal').permissions
      if (!permissions.every((permission) => held.includes(permission))) throw denied(permissions)
    },
  })
  return policy(`permission ${permissions.join('+')}`, guard, ['permission-denied'])
}

/** 403 `permission-denied` unless the principal holds at least one of `permissions`. */
export function requireAnyPermission(...permissions: [string, ...string[]]) {
  const guard = middleware<AuthedEnv>({
    name: 'requireAnyPermission',
    before(c) {
      const held = c.get('principal').permissions
      if (!permissions.some((permission) => held.includes(permission))) throw denied(permissions)
    },
  })
  return policy(`permission ${permissions.join('|')}`, guard, ['permission-denied'])
}

function denied(requiredPermissions: string[]): AppError {
  return new AppError('permission-denied', { members: { requiredPermissions } })
}
