import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const accountLinkData: PersonalData[] = [
  {
    table: 'account_links',
    exported: rowsOf('account_links', {
      part: 'accountLinks',
      columns: 't.kind, email, created_at as "createdAt", expires_at as "expiresAt"',
      key: [
        ['kind', 'text'],
        ['slot', 'integer'],
      ],
    }),
    erased: { account: 'account_id' },
  },
]
