import type { Operations as State } from '@manas360/client'
import type { Loaded } from '../../calls/use-answer.ts'
import { Health } from '../../health/health.tsx'
import { useOperations } from '../../health/use-operations.ts'
import { Tabs } from '../../parts/tabs.tsx'
import { type Rights, useRights } from '../../session/rights.ts'
import { Heading } from '../../shell/heading.tsx'
import type { PageProps } from '../page.ts'
import { BillingEvents } from './billing-events.tsx'
import { Jobs } from './jobs.tsx'
import { MailQueue } from './mail.tsx'
import { useOperationsTexts } from './texts.ts'
import { Webhooks } from './webhooks.tsx'

const parts = ['jobs', 'mail', 'billing-events', 'webhooks'] as const
type Part = (typeof parts)[number]

/** The permission that the routes of a part require. */
const needs: Record<Part, string> = {
  jobs: 'settings.manage',
  mail: 'settings.manage',
  'billing-events': 'subscriptions.manage',
  webhooks: 'settings.manage',
}

/** The state of the instances and queues, and the parts with jobs, mail, payment events and webhooks. */
export function Operations({ rest }: PageProps) {
  const t = useOperationsTexts()
  const rights = useRights()
  const seesState = rights.may('settings.manage')
  const operations = useOperations(seesState)
  const offered = offeredTo(rights)
  const open = offered.find((part) => part === rest[0]) ?? offered[0]
  return (
    <div>
      <Heading text={t.title} />
      {seesState && <Health key="health" answer={operations} />}
      <Tabs
        label={t.parts}
        open={open}
        tabs={offered.map((part) => ({ name: part, text: t.tabs[part], path: ['operations', part] }))}
      />
      {open && <Opened key={open} part={open} operations={operations} />}
    </div>
  )
}

const offeredTo = ({ may }: Rights): Part[] => parts.filter((part) => may(needs[part]))

function Opened({ part, operations }: { part: Part; operations: Loaded<State> }) {
  switch (part) {
    case 'jobs':
      return <Jobs />
    case 'mail':
      return <MailQueue operations={operations} />
    case 'billing-events':
      return <BillingEvents operations={operations} />
    case 'webhooks':
      return <Webhooks />
  }
}
