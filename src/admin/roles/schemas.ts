import { z } from 'zod'
import { boundedList, PermissionName, Slug } from '../../http/input/fields.ts'
import { Cleared, Description } from '../schemas.ts'

const Level = z.int().min(0).max(100)
const Permissions = boundedList(PermissionName, 200)

export const NewRole = z.lazy(() =>
  z
    .strictObject({ name: Slug, description: Description, privilegeLevel: Level, permissions: Permissions.optional() })
    .meta({ ref: 'NewRole' }),
)
export const RoleEdit = z.lazy(() =>
  z
    .strictObject({
      description: Cleared.optional(),
      privilegeLevel: Level.optional(),
      retired: z.boolean().optional(),
    })
    .meta({ ref: 'RoleEdit' }),
)
export const RolePermissions = z.lazy(() =>
  z.strictObject({ permissions: Permissions }).meta({ ref: 'RolePermissions' }),
)
export const RoleBody = z.lazy(() =>
  z
    .object({
      name: z.string(),
      description: z.string(),
      privilegeLevel: Level,
      permissions: z.array(z.string()),
      seeded: z.boolean(),
      retired: z.boolean(),
    })
    .meta({ ref: 'Role' }),
)
export const PermissionBody = z.lazy(() =>
  z.object({ name: z.string(), description: z.string() }).meta({ ref: 'Permission' }),
)
