import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const passkeyData: PersonalData[] = [
  {
    table: 'passkeys',
    exported: rowsOf('passkeys', {
      part: 'passkeys',
      columns: `t.id, name, backup_eligible as "backupEligible", backed_up as "backedUp", transports, created_at as "createdAt", last_used_at as "lastUsedAt"`,
      key: [['id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
]
