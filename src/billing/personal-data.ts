import { statusInForce } from '../access/lapse.ts'
import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const billingData: PersonalData[] = [
  {
    table: 'user_subscriptions',
    exported: rowsOf('user_subscriptions', {
      part: 'subscriptions',
      columns: `t.id, plan, ${statusInForce('t')} as status,
        billing_interval as "interval", provider, started_at as "startedAt", current_period_end as "currentPeriodEnd", paid_until as "paidUntil",
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
    table: 'payments',
    exported: rowsOf('payments', {
      part: 'payments',
      columns:
        't.at, provider, provider_payment_id as "providerPaymentId", kind, status, amount_minor as "amountMinor", currency, plan, invoice_url as "invoiceUrl"',
      key: [['id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'billing_subscriptions',
    exported: rowsOf('billing_subscriptions', {
      part: 'paidSubscriptions',
      columns:
        't.provider, subscription_id as "subscriptionId", status, started_at as "startedAt", paid_until as "paidUntil", cancels',
      key: [
        ['started_at', 'timestamptz'],
        ['subscription_id', 'text'],
      ],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'billing_customers',
    exported: rowsOf('billing_customers', {
      part: 'paymentCustomers',
      columns: 't.provider, customer_id as "customerId"',
      key: [['provider', 'text']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'billing_intents',
    exported: rowsOf('billing_intents', {
      part: 'paymentRequests',
      columns: 't.id, kind, provider, state, created_at as "createdAt", ended_at as "endedAt"',
      key: [['id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'billing_accounts',
    exported: { not: 'who works on the account’s payments, and when somebody looks again' },
    erased: { account: 'account_id' },
  },
  {
    table: 'counted_payments',
    exported: { not: 'what of the account’s payments is in the sums by day' },
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
