import type { Person } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { readApi } from '../../../calls/call-api.ts'
import { useCatalogue } from '../../../calls/catalogue.ts'
import { client } from '../../../calls/client.ts'
import { useAnswer } from '../../../calls/use-answer.ts'
import { Problem } from '../../../parts/problem.tsx'
import { useRights } from '../../../session/rights.ts'
import { useFormat } from '../../../shell/format.ts'
import { useTexts } from '../../../shell/texts.ts'
import { usePeopleTexts } from '../texts.ts'
import { PlanDialog } from './plan-dialog.tsx'
import { RightExplanation } from './right-explanation.tsx'

/** The plan in force and its end, its features, and the explanation of any single right. */
export function PlanAndRights({ person, changed }: { person: Person; changed: () => void }) {
  const t = usePeopleTexts()
  const shared = useTexts()
  const format = useFormat()
  const rights = useRights()
  const catalogue = useCatalogue()
  const [isGranting, setGranting] = useState(false)
  const plan = catalogue.data?.plans.find(({ name }) => name === person.plan.name)
  const features = catalogue.data?.features ?? []
  const first = plan?.features[0]?.name ?? features[0]?.name
  // The explanation of any feature names the plan in force and its end.
  const why = useAnswer(first ? `why ${person.id} ${person.plan.name} ${first}` : null, () =>
    readApi(() =>
      client.v1.admin.users[':id'].explain.$get({ param: { id: person.id }, query: { feature: first ?? '' } }),
    ),
  )
  const chain = why.data?.chain.filter(({ kind }) => kind === 'account' || kind === 'plan' || kind === 'expiry') ?? []
  const mayGrant = rights.may('subscriptions.manage') && rights.outranks(person.privilegeLevel, person.id)
  const limits = plan && Object.entries(plan.limits)
  return (
    <div>
      <section class="card">
        <h2>{t.planIs(person.plan.displayName)}</h2>
        <Problem failure={catalogue.failure ?? why.failure} retry={catalogue.failure ? catalogue.reload : why.reload} />
        {chain.length > 0 && (
          <ol class="chain" key="chain">
            {chain.map(({ kind, name, detail }) => (
              <li key={`${kind} ${detail}`}>
                <strong>{t.links[kind] ?? kind}</strong> {kind === 'account' ? '' : <code>{name}</code>}
                <span>{t.detail(detail, format.time)}</span>
              </li>
            ))}
          </ol>
        )}
        {limits && (
          <dl class="pairs" key="limits">
            {limits.map(([name, value]) => (
              <div key={name}>
                <dt>{t.limits[name as keyof typeof t.limits]}</dt>
                <dd>{value === null ? shared.unlimited : format.number(value)}</dd>
              </div>
            ))}
          </dl>
        )}
        {mayGrant && (
          <p class="buttons" key="grant">
            <button type="button" onClick={() => setGranting(true)}>
              {t.grantPlan}
            </button>
          </p>
        )}
      </section>
      {catalogue.data && (
        <RightExplanation key="right" person={person} catalogue={catalogue.data} mayGrant={mayGrant} />
      )}
      {isGranting && catalogue.data && (
        <PlanDialog
          key="dialog"
          person={person}
          catalogue={catalogue.data}
          changed={changed}
          onClose={() => setGranting(false)}
        />
      )}
    </div>
  )
}
