import { secret, secrets } from '../config/fields.ts'
import { configuration } from '../config/room.ts'

export const auditConfiguration = configuration({
  variables: { AUDIT_KEY: secret, AUDIT_KEY_PREVIOUS: secrets.optional() },
  config: (e) => ({
    /** The first key signs; all of them verify. */
    auditKeys: [e.AUDIT_KEY, ...(e.AUDIT_KEY_PREVIOUS ?? [])] as const,
  }),
  secrets: {
    AUDIT_KEY: { purpose: 'signs the audit trail', minProductionLength: 32 },
    AUDIT_KEY_PREVIOUS: { purpose: 'verifies the audit trail' },
  },
})
