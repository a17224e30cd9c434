import type { Catalogue } from '@manas360/client'
import type { Rights } from '../../session/rights.ts'

/**
 * The roles that the signed-in role may assign: below its level, with permissions that it has. A superadmin may assign
 * any.
 */
export function assignableRoles(catalogue: Catalogue | null, { level, may, outranks }: Rights): Catalogue['roles'] {
  const isSuperadmin = outranks(level, '')
  return (catalogue?.roles ?? []).filter(
    ({ privilegeLevel, permissions }) => isSuperadmin || (privilegeLevel < level && permissions.every(may)),
  )
}
