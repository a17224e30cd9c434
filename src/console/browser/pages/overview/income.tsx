import { readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { useAnswer } from '../../calls/use-answer.ts'
import { Bars } from '../../parts/bars.tsx'
import { Plot } from '../../parts/plot.tsx'
import { Problem } from '../../parts/problem.tsx'
import { useFormat } from '../../shell/format.ts'
import { daysOf, type Range, runningFrom, valuesOf } from './range.ts'
import { useOverviewTexts } from './texts.ts'

/** Monthly recurring revenue by day and currency, and accounts by plan. */
export function Income({ range, of }: { range: Range; of: string }) {
  const t = useOverviewTexts()
  const format = useFormat()
  const payments = useAnswer(
    `payments ${of}`,
    () => readApi(() => client.v1.admin.analytics.payments.$get({ query: range })),
    'keep',
  )
  const plans = useAnswer('plans', () => readApi(() => client.v1.admin.analytics.plans.$get()))
  const revenue = useAnswer(
    `revenue ${of}`,
    () => readApi(() => client.v1.admin.analytics.revenue.$get({ query: range })),
    'keep',
  )
  const days = daysOf(payments.data ?? range)
  return (
    <>
      <Problem key="payments-failed" failure={payments.failure} retry={payments.reload} />
      {payments.data?.totals.currencies.map(({ currency, mrr }) => {
        const changes = valuesOf(days, payments.data?.days ?? [], (day) => {
          const one = day.currencies.find((other) => other.currency === currency)?.mrr
          return one ? one.newMinor + one.expansionMinor - one.contractionMinor - one.churnMinor : 0
        })
        return (
          <Plot
            key={`mrr ${currency}`}
            title={t.mrrIn(currency)}
            summary={t.fromTo(format.money(mrr.atStartMinor, currency), format.money(mrr.atEndMinor, currency))}
            days={days}
            series={[{ label: t.mrr, values: runningFrom(mrr.atStartMinor, changes) }]}
            valueText={(minor) => format.money(minor, currency)}
          />
        )
      })}
      <Problem key="plans-failed" failure={plans.failure} retry={plans.reload} />
      {plans.data && (
        <section class="card" key="plans">
          <h2>{t.plans}</h2>
          <p class="readout">{t.conversion(format.percent(plans.data.conversion))}</p>
          <Bars
            label={t.plans}
            columns={[t.plan, t.people, t.share, t.trialing]}
            bars={plans.data.plans.map(({ plan, accounts, share, trialing }) => ({
              name: plan,
              value: accounts,
              texts: [format.number(accounts), format.percent(share), format.number(trialing)],
            }))}
          />
        </section>
      )}
      <Problem key="revenue-failed" failure={revenue.failure} retry={revenue.reload} />
      {revenue.data && revenue.data.plans.length > 0 && (
        <section class="card" key="revenue">
          <h2>{t.revenue}</h2>
          <Bars
            label={t.revenue}
            columns={[t.plan, t.mrr, t.started, t.ended]}
            bars={revenue.data.plans.map(({ plan, currency, mrrMinor, started, ended }) => ({
              name: `${plan} (${currency})`,
              value: mrrMinor,
              texts: [format.money(mrrMinor, currency), format.number(started), format.number(ended)],
            }))}
          />
        </section>
      )}
    </>
  )
}
