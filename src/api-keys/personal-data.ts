import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const apiKeyData: PersonalData[] = [
  {
    table: 'api_keys',
    exported: rowsOf('api_keys', {
      part: 'apiKeys',
      columns: `t.id, name, prefix, permissions, ip_ranges as "ipRanges", expires_at as "expiresAt", created_at as "createdAt", last_used_at as "lastUsedAt"`,
      key: [['id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
]
