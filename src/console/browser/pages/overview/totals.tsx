import { readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { useAnswer } from '../../calls/use-answer.ts'
import { Figures } from '../../parts/figures.tsx'
import { Problem } from '../../parts/problem.tsx'
import { useFormat } from '../../shell/format.ts'
import { useTexts } from '../../shell/texts.ts'
import { useOverviewTexts } from './texts.ts'

/** The present totals of people and income. */
export function Totals() {
  const t = useOverviewTexts()
  const shared = useTexts()
  const format = useFormat()
  const answer = useAnswer('overview', () => readApi(() => client.v1.admin.analytics.overview.$get()))
  const now = answer.data
  return (
    <section aria-label={t.now}>
      <Problem failure={answer.failure} retry={answer.reload} />
      {!now && answer.isLoading && <p key="loading">{shared.loading}</p>}
      {now && (
        <Figures
          key="figures"
          figures={[
            { label: t.people, value: format.number(now.accounts), note: t.ofThem(format.number(now.active)) },
            { label: t.locked, value: format.number(now.locked) },
            { label: t.invited, value: format.number(now.invited) },
            { label: t.paying, value: format.number(now.paying) },
            { label: t.trialing, value: format.number(now.trialing) },
            ...now.mrr.map(({ currency, mrrMinor }) => ({
              label: t.mrrIn(currency),
              value: format.money(mrrMinor, currency),
            })),
          ]}
        />
      )}
      {now && (
        <p class="hint" key="age">
          {now.asOf ? t.asOf(format.ago(now.asOf)) : t.notCounted}
        </p>
      )}
    </section>
  )
}
