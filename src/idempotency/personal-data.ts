import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const idempotencyData: PersonalData[] = [
  {
    table: 'idempotency_keys',
    exported: rowsOf('idempotency_keys', {
      part: 'idempotencyKeys',
      columns: 't.method, path, key, status, created_at as "createdAt"',
      key: [
        ['method', 'text'],
        ['path', 'text'],
        ['key', 'text'],
      ],
    }),
    erased: { account: 'account_id' },
  },
]
