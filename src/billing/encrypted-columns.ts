import type { EncryptedColumn } from '../secrets/encrypted-column.ts'

/** The URL of a payment page: whoever has it can open the page. */
export const billingColumns = [
  { table: 'billing_intents', column: 'page', id: 'id' },
] as const satisfies EncryptedColumn[]
