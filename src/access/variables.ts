import { z } from 'zod'
import { configuration, type Values } from '../config/room.ts'
import type { InstanceVariables } from '../config/variables.ts'

const variables = { REQUIRE_ADMIN_MFA: z.enum(['true', 'false']).optional() }

type E = Values<typeof variables> & Pick<InstanceVariables, 'NODE_ENV'>

export const accessConfiguration = configuration({
  variables,
  config: (e: E) => ({
    /** Whether routes of administration require a second factor. */
    requireAdminMfa: (e.REQUIRE_ADMIN_MFA ?? String(e.NODE_ENV === 'production')) === 'true',
  }),
})
