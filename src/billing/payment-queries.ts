import type { Db } from '../db/types.ts'

type PaymentRow = {
  id: string
  accountId: string
  provider: string
  providerPaymentId: string
  subscriptionId: string
  chargeId: string | null
  kind: 'charge' | 'refund' | 'dispute'
  status: 'pending' | 'succeeded' | 'failed'
  amountMinor: number
  currency: string
  plan: string | null
  interval: 'month' | 'year' | null
  at: Date
  periodStart: Date | null
  periodEnd: Date | null
  invoiceUrl: string | null
}

/** The stored statuses of payments, by the provider's ids. */
export async function listStatuses(
  tx: Db,
  provider: string,
  ids: string[],
): Promise<Map<string, PaymentRow['status']>> {
  const rows = await tx<{ id: string; status: PaymentRow['status'] }[]>`
    select provider_payment_id as id, status from payments where provider = ${provider} and provider_payment_id = any(${ids}::text[])`
  return new Map(rows.map(({ id, status }) => [id, status]))
}

/** Stores the current state of a payment, and whether it ever failed. */
export async function upsertPayment(tx: Db, { interval, ...row }: PaymentRow): Promise<void> {
  await tx`
    insert into payments ${tx({ ...row, billingInterval: interval, hasFailed: row.status === 'failed' })}
        on conflict (provider, provider_payment_id) do update
       set status = excluded.status, amount_minor = excluded.amount_minor, invoice_url = excluded.invoice_url,
           has_failed = payments.has_failed or excluded.has_failed
     where payments.account_id = excluded.account_id`
}

export type PaymentItem = Pick<
  PaymentRow,
  'id' | 'at' | 'provider' | 'kind' | 'status' | 'amountMinor' | 'currency' | 'plan' | 'invoiceUrl'
>

/** An account's payments, newest first. */
export async function listPayments(
  sql: Db,
  accountId: string,
  limit: number,
  before: string | null,
): Promise<PaymentItem[]> {
  return sql<PaymentItem[]>`
    select id, at, provider, kind, status, amount_minor::float8 as amount_minor, currency, plan, invoice_url
      from payments where account_id = ${accountId} ${before ? sql`and id < ${before}::uuid` : sql``}
     order by id desc limit ${limit}`
}
