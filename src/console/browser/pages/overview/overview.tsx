import { askPatiently } from '../../calls/ask.ts'
import { client } from '../../calls/client.ts'
import { useAnswer } from '../../calls/use-answer.ts'
import { Problem } from '../../parts/problem.tsx'
import { useFormat } from '../../shell/format.ts'
import { Heading } from '../../shell/heading.tsx'
import { useOverviewTexts } from './texts.ts'

export function Overview() {
  const t = useOverviewTexts()
  const format = useFormat()
  const figures = useAnswer('overview', () => askPatiently(() => client.v1.admin.analytics.overview.$get()))
  return (
    <div>
      <Heading text={t.title} />
      <Problem failure={figures.failure} retry={figures.reload} />
      {figures.data && (
        <p class="figures">
          {t.people}: {format.number(figures.data.accounts)}
        </p>
      )}
    </div>
  )
}
