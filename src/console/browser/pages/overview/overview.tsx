import { Health } from '../../health/health.tsx'
import { useOperations } from '../../health/use-operations.ts'
import { useRights } from '../../session/rights.ts'
import { Heading } from '../../shell/heading.tsx'
import { useRoute } from '../../shell/router.tsx'
import { Activity } from './activity.tsx'
import { DeniedFeatures } from './denied-features.tsx'
import { Income } from './income.tsx'
import { rangeOf } from './range.ts'
import { RangePicker } from './range-picker.tsx'
import { useOverviewTexts } from './texts.ts'
import { Totals } from './totals.tsx'

/** The present figures and their course by day. Each part loads by itself, so that a failure hides no other. */
export function Overview() {
  const t = useOverviewTexts()
  const { query } = useRoute()
  const { may } = useRights()
  const range = rangeOf(query)
  const key = `${range.from} ${range.to}`
  const reads = may('analytics.read')
  const seesHealth = may('settings.manage')
  const operations = useOperations(seesHealth)
  return (
    <div>
      <Heading text={t.title} />
      {reads && <Totals key="glance" />}
      {seesHealth && <Health key="health" answer={operations} />}
      {reads && (
        <div key="by-day">
          <RangePicker range={range} />
          <div class="cards">
            <Activity range={range} of={key} />
            <Income range={range} of={key} />
            <DeniedFeatures range={range} of={key} />
          </div>
        </div>
      )}
    </div>
  )
}
