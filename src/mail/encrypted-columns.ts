import type { EncryptedColumn } from '../secrets/encrypted-column.ts'

export const mailColumns: EncryptedColumn[] = [{ table: 'mail_outbox', column: 'link', id: 'id' }]
