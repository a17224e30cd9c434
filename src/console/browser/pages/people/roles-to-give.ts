import type { Catalogue } from '@manas360/client'
import type { Rights } from '../../session/rights.ts'

/** The roles that the role in use may give: below its own level, and of permissions that it has. A superadmin gives any. */
export function rolesToGive(catalogue: Catalogue | null, { level, may, outranks }: Rights): Catalogue['roles'] {
  const isSuperadmin = outranks(level, '')
  return (catalogue?.roles ?? []).filter(
    ({ privilegeLevel, permissions }) => isSuperadmin || (privilegeLevel < level && permissions.every(may)),
  )
}
