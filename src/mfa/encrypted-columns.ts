import type { EncryptedColumn } from '../secrets/encrypted-column.ts'

export const mfaColumns: EncryptedColumn[] = [{ table: 'totp_factors', column: 'secret', id: 'id' }]
