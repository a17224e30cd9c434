import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const plansData: PersonalData[] = [
  {
    table: 'quota_usage',
    exported: rowsOf('quota_usage', {
      part: 'apiQuota',
      columns: `t.month, t.feature, t.used + (select coalesce(sum(l.spent), 0) from quota_leases l
        where l.account_id = t.account_id and l.month = t.month and l.feature = t.feature) as used`,
      key: [
        ['month', 'date'],
        ['feature', 'text'],
      ],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'quota_leases',
    exported: { not: 'what instances may let pass; the month counts it' },
    erased: { otherwise: 'goes with the month of its account' },
  },
]
