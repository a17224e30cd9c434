import type { EncryptedColumn } from '../secrets/encrypted-column.ts'

export const webhookColumns: EncryptedColumn[] = [
  { table: 'webhook_endpoints', column: 'secret', id: 'id' },
  { table: 'webhook_endpoints', column: 'earlier_secret', id: 'id' },
]
