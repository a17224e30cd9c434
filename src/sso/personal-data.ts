import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const ssoData: PersonalData[] = [
  {
    table: 'identities',
    exported: rowsOf('identities', {
      part: 'identities',
      columns: 't.id, provider, issuer, subject, email, created_at as "createdAt", last_used_at as "lastUsedAt"',
      key: [['id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'oidc_codes',
    exported: { not: 'what a provider said a moment ago, encrypted, and good for a minute' },
    erased: { account: 'account_id' },
  },
]
