import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const mfaData: PersonalData[] = [
  {
    table: 'totp_factors',
    // Without the secret, from which codes can be computed.
    exported: rowsOf('totp_factors', {
      part: 'authenticatorApps',
      columns: 't.created_at as "createdAt", confirmed_at as "confirmedAt"',
      key: [['account_id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'recovery_codes',
    exported: rowsOf('recovery_codes', {
      part: 'recoveryCodes',
      columns: 't.created_at as "createdAt", used_at as "usedAt"',
      key: [['code_hash', 'bytea']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'mfa_challenges',
    exported: { not: 'hashes of tokens that are good for five minutes' },
    erased: { account: 'account_id' },
  },
]
