import { Health } from '../../health/health.tsx'
import { useOperations } from '../../health/use-operations.ts'
import { useRights } from '../../session/rights.ts'
import { Heading } from '../../shell/heading.tsx'
import { Jobs } from './jobs.tsx'
import { useOperationsTexts } from './texts.ts'

/** What serves and what it does by itself: its state above all, and below what can be helped. */
export function Operations() {
  const t = useOperationsTexts()
  const { may } = useRights()
  const seesSettings = may('settings.manage')
  const operations = useOperations(seesSettings)
  return (
    <div>
      <Heading text={t.title} />
      {seesSettings && <Health key="health" answer={operations} />}
      {seesSettings && <Jobs key="jobs" />}
    </div>
  )
}
