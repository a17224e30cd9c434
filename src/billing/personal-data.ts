import { statusInForce } from '../access/lapse.ts'
import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const billingData: PersonalData[] = [
  {
    table: 'user_subscriptions',
    exported: rowsOf('user_subscriptions', {
      part: 'subscriptions',
      columns: `t.id, plan, ${statusInForce('t')} as status,
        billing_interval as "interval", provider, started_at as "startedAt", current_period_end as "currentPeriodEnd",
        reason, ended_at as "endedAt"`,
      key: [
        ['started_at', 'timestamptz'],
        ['id', 'uuid'],
      ],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'account_features',
    exported: rowsOf('account_features', {
      part: 'featureOverrides',
      columns:
        't.feature, granted, limit_value as "limit", expires_at as "expiresAt", reason, created_at as "createdAt"',
      key: [['feature', 'text']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'trials',
    exported: rowsOf('trials', {
      part: 'trials',
      columns: 't.plan, started_at as "startedAt"',
      key: [['plan', 'text']],
    }),
    erased: { account: 'account_id' },
  },
]
