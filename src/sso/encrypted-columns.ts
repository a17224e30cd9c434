import type { EncryptedColumn } from '../secrets/encrypted-column.ts'

export const ssoColumns: EncryptedColumn[] = [{ table: 'oidc_codes', column: 'profile', id: 'id' }]
