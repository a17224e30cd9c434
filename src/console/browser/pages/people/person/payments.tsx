import { readApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { usePages } from '../../../calls/use-pages.ts'
import { More } from '../../../parts/more.tsx'
import { Table } from '../../../parts/table.tsx'
import { useFormat } from '../../../shell/format.ts'
import { usePeopleTexts } from '../texts.ts'

/** A person's payments and refunds. */
export function Payments({ id }: { id: string }) {
  const t = usePeopleTexts()
  const format = useFormat()
  const list = usePages(`payments ${id}`, (cursor) =>
    readApi(() =>
      client.v1.admin.users[':id'].payments.$get({ param: { id }, query: { limit: '50', ...(cursor && { cursor }) } }),
    ),
  )
  const payments = list.pages.flat()
  return (
    <section class="card">
      <h2>{t.tabs.payments}</h2>
      {payments.length > 0 && (
        <Table
          key="payments"
          label={t.tabs.payments}
          columns={[
            { title: t.at },
            { title: t.kind },
            { title: t.status },
            { title: t.amount, isNumber: true },
            { title: t.plan },
            { title: t.provider },
          ]}
          rows={payments.map((one) => ({
            key: one.id,
            cells: [
              format.time(one.at),
              t.kinds[one.kind],
              t.paymentStatuses[one.status],
              format.money(one.amountMinor, one.currency),
              one.plan ?? '–',
              one.provider,
            ],
          }))}
        />
      )}
      <More list={list} />
    </section>
  )
}
