import type { EncryptedColumn } from '../secrets/encrypted-column.ts'

/** The page where somebody pays: whoever has its address can open it. */
export const billingColumns = [
  { table: 'billing_intents', column: 'page', id: 'id' },
] as const satisfies EncryptedColumn[]
