import { Health } from '../../health/health.tsx'
import { useOperations } from '../../health/use-operations.ts'
import { useRights } from '../../session/rights.ts'
import { Heading } from '../../shell/heading.tsx'
import { usePlace } from '../../shell/router.tsx'
import { Activity } from './activity.tsx'
import { Glance } from './glance.tsx'
import { Income } from './income.tsx'
import { Lacked } from './lacked.tsx'
import { rangeOf } from './range.ts'
import { RangePicker } from './range-picker.tsx'
import { useOverviewTexts } from './texts.ts'

/** The present figures and their course by day. Each part loads by itself, so that a failure hides no other. */
export function Overview() {
  const t = useOverviewTexts()
  const { query } = usePlace()
  const { may } = useRights()
  const range = rangeOf(query)
  const key = `${range.from} ${range.to}`
  const reads = may('analytics.read')
  const seesHealth = may('settings.manage')
  const operations = useOperations(seesHealth)
  return (
    <div>
      <Heading text={t.title} />
      {reads && <Glance key="glance" />}
      {seesHealth && <Health key="health" answer={operations} />}
      {reads && (
        <div key="by-day">
          <RangePicker range={range} />
          <div class="cards">
            <Activity range={range} of={key} />
            <Income range={range} of={key} />
            <Lacked range={range} of={key} />
          </div>
        </div>
      )}
    </div>
  )
}
