import { billingColumns } from '../billing/encrypted-columns.ts'
import { mailColumns } from '../mail/encrypted-columns.ts'
import { mfaColumns } from '../mfa/encrypted-columns.ts'
import type { EncryptedColumn } from '../secrets/encrypted-column.ts'
import { ssoColumns } from '../sso/encrypted-columns.ts'
import { webhookColumns } from '../webhooks/encrypted-columns.ts'

/** The columns of all rooms that are encrypted under DATA_KEY. */
export const encryptedColumns: readonly EncryptedColumn[] = [
  ...mailColumns,
  ...mfaColumns,
  ...ssoColumns,
  ...webhookColumns,
  ...billingColumns,
]
