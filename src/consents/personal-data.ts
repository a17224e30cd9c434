import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const consentData: PersonalData[] = [
  {
    table: 'consents',
    exported: rowsOf('consents', {
      part: 'consents',
      columns: 't.document, version, granted, at',
      key: [['id', 'uuid']],
    }),
    // The audit trail still proves that there was a consent; it names no more than the account's id.
    erased: { account: 'account_id' },
  },
]
