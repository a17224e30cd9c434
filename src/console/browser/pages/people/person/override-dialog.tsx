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

type Props = DialogProps & { feature: string; hasOverride: boolean }

/** Grants or refuses one feature to one person, whatever the plan. */
export function OverrideDialog({ person, feature, hasOverride, changed, onClose }: Props) {
  const t = usePeopleTexts()
  const shared = useTexts()
  const param = { id: person.id, name: feature }
  const [isGrant, setGrant] = useState(true)
  async function send({ granted, limit, expiresAt, reason = '' }: Record<string, string>): Promise<void> {
    const json = {
      granted: granted === 'yes',
      reason,
      ...(limit && { limit: Number(limit) }),
      ...(expiresAt && { expiresAt: toMoment(expiresAt) }),
    }
    await callApi(() => client.v1.admin.users[':id'].features[':name'].$put({ param, json }))
    const done = t.overrideSet(feature)
    // The override before is not known in full, so there is no undo.
    if (hasOverride) notify(done)
    else
      notifyUndoable(done, shared, () =>
        callApi(() => client.v1.admin.users[':id'].features[':name'].$delete({ param })).then(changed),
      )
    changed()
  }
  return (
    <ActionDialog
      title={t.setOverride}
      consequences={[
        isGrant ? t.consequences.grantFeature : t.consequences.refuseFeature,
        ...(hasOverride ? [t.consequences.replaceOverride] : []),
      ]}
      submit={shared.save}
      danger={!isGrant}
      wantsReason
      shown={['limit', 'expiresAt']}
      onSubmit={send}
      onClose={onClose}
      fields={(errors) => (
        <>
          <Select
            label={feature}
            name="granted"
            chosen="yes"
            choices={[
              { value: 'yes', text: t.grantIt },
              { value: 'no', text: t.refuseIt },
            ]}
            onChoose={(value) => setGrant(value === 'yes')}
          />
          {isGrant && (
            <Field
              key="limit"
              label={t.limit}
              name="limit"
              hint={t.limitHint}
              inputmode="numeric"
              error={errors.limit}
            />
          )}
          <Field label={t.until} name="expiresAt" type="datetime-local" hint={t.untilHint} error={errors.expiresAt} />
        </>
      )}
    />
  )
}
