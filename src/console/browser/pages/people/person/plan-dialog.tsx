import type { Catalogue } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { ActionDialog } from '../../../parts/action-dialog.tsx'
import { Field } from '../../../parts/field.tsx'
import { Select } from '../../../parts/select.tsx'
import { notifyUndoable } from '../../../parts/undo.ts'
import { toMoment } from '../../../shell/moment.ts'
import { notify } from '../../../shell/notices.tsx'
import { useTexts } from '../../../shell/texts.ts'
import { usePeopleTexts } from '../texts.ts'
import type { DialogProps } from './dialog-props.ts'

/** Grants a plan; shows the features and limits that are gained and lost. */
export function PlanDialog({ person, catalogue, changed, onClose }: DialogProps & { catalogue: Catalogue }) {
  const t = usePeopleTexts()
  const shared = useTexts()
  const [wanted, setWanted] = useState(person.plan.name)
  const now = catalogue.plans.find(({ name }) => name === person.plan.name)
  const next = catalogue.plans.find(({ name }) => name === wanted)
  const named = (name: string) => catalogue.features.find((one) => one.name === name)?.displayName ?? name
  const only = (one: typeof now, other: typeof now) =>
    (one?.features ?? [])
      .filter(({ name }) => !other?.features.some((has) => has.name === name))
      .map(({ name }) => named(name))
  const lost = only(now, next)
  const wasFree = person.plan.name === 'free'
  const grant = (plan: string, reason: string, endsAt?: string) =>
    callApi(() =>
      client.v1.admin.users[':id'].subscription.$put({
        param: { id: person.id },
        json: { plan, reason, ...(endsAt && { endsAt }) },
      }),
    )
  async function send({ plan = '', endsAt = '', reason = '' }: Record<string, string>): Promise<void> {
    await grant(plan, reason, endsAt && toMoment(endsAt))
    const done = t.planGranted(person.email, next?.displayName ?? plan)
    // Undo is offered only from the free plan: a paid subscription has ended by the grant.
    if (wasFree) notifyUndoable(done, shared, () => grant('free', t.undoReason).then(changed))
    else notify(done)
    changed()
  }
  return (
    <ActionDialog
      title={t.grantPlan}
      consequences={[
        t.gains(only(next, now)),
        t.loses(lost),
        ...(wasFree ? [] : t.consequences.replacePlan),
        t.consequences.plan,
      ]}
      submit={t.grantPlan}
      danger={lost.length > 0}
      wantsReason
      shown={['endsAt']}
      onSubmit={send}
      onClose={onClose}
      fields={(errors) => (
        <>
          <Select
            label={t.plan}
            name="plan"
            chosen={person.plan.name}
            choices={catalogue.plans.map(({ name, displayName }) => ({ value: name, text: displayName }))}
            error={errors.plan}
            onChoose={setWanted}
          />
          {wanted !== 'free' && (
            <Field
              key="endsAt"
              label={t.until}
              name="endsAt"
              type="datetime-local"
              hint={t.untilHint}
              error={errors.endsAt}
            />
          )}
        </>
      )}
    />
  )
}
