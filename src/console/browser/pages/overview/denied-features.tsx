import { readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { useAnswer } from '../../calls/use-answer.ts'
import { Bars } from '../../parts/bars.tsx'
import { Plot } from '../../parts/plot.tsx'
import { Problem } from '../../parts/problem.tsx'
import { useFormat } from '../../shell/format.ts'
import { daysOf, type Range, sumOf, valuesOf } from './range.ts'
import { useOverviewTexts } from './texts.ts'

/** The features that were denied for lack of a plan, by frequency. */
export function DeniedFeatures({ range, of }: { range: Range; of: string }) {
  const t = useOverviewTexts()
  const format = useFormat()
  const answer = useAnswer(
    `denials ${of}`,
    () => readApi(() => client.v1.admin.analytics.denials.$get({ query: range })),
    'keep',
  )
  const days = daysOf(answer.data ?? range)
  const values = answer.data && valuesOf(days, answer.data.days, (one) => one.denials)
  return (
    <>
      <Problem key="failed" failure={answer.failure} retry={answer.reload} />
      {values && answer.data && (
        <Plot
          key="denials"
          title={t.denials}
          summary={t.inAll(format.number(sumOf(values)))}
          days={days}
          series={[{ label: t.times, values }]}
        >
          {answer.data.features.length > 0 && (
            <Bars
              key="features"
              label={t.denials}
              columns={[t.feature, t.times]}
              bars={answer.data.features.map(({ feature, denials }) => ({
                name: feature,
                value: denials,
                texts: [format.number(denials)],
              }))}
            />
          )}
        </Plot>
      )}
    </>
  )
}
