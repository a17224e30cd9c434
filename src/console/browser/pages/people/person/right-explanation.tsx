import type { Catalogue, Person } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi, readApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { useAnswer } from '../../../calls/use-answer.ts'
import { ActionDialog } from '../../../parts/action-dialog.tsx'
import { Problem } from '../../../parts/problem.tsx'
import { Select } from '../../../parts/select.tsx'
import { notify } from '../../../shell/notices.tsx'
import { setQuery, useRoute } from '../../../shell/router.tsx'
import { usePeopleTexts } from '../texts.ts'
import { OverrideDialog } from './override-dialog.tsx'
import { Reasons } from './reasons.tsx'

type Props = { person: Person; catalogue: Catalogue; mayGrant: boolean }

/** One right of a person with its explanation; a feature can be granted or refused to this person. */
export function RightExplanation({ person, catalogue, mayGrant }: Props) {
  const t = usePeopleTexts()
  const { query } = useRoute()
  const asked = query.right ?? ''
  const [kind, name] = splitOnce(asked)
  const [open, setOpen] = useState<'override' | 'clear' | null>(null)
  const isFeature = kind === 'feature'
  const answer = useAnswer(name ? `explain ${person.id} ${asked}` : null, () =>
    readApi(() =>
      client.v1.admin.users[':id'].explain.$get({
        param: { id: person.id },
        query: isFeature ? { feature: name } : { permission: name },
      }),
    ),
  )
  const hasOverride = answer.data?.chain.some((link) => link.kind === 'override') ?? false
  return (
    <section class="card">
      <h2>{t.whyTitle}</h2>
      <Select
        label={t.whyLabel}
        name="right"
        chosen={asked}
        choices={[
          { value: '', text: t.choose },
          ...catalogue.features.map((one) => ({ value: `feature:${one.name}`, text: t.aFeature(one.displayName) })),
          ...catalogue.permissions.map((one) => ({ value: `permission:${one.name}`, text: t.aPermission(one.name) })),
        ]}
        onChoose={(right) => setQuery({ right })}
      />
      <Problem failure={answer.failure} retry={answer.reload} />
      {answer.data && <Reasons key="why" explanation={answer.data} />}
      {answer.data && isFeature && mayGrant && (
        <p class="buttons" key="override">
          <button type="button" onClick={() => setOpen('override')}>
            {t.setOverride}
          </button>
          {hasOverride && (
            <button type="button" key="clear" onClick={() => setOpen('clear')}>
              {t.clearOverride}
            </button>
          )}
        </p>
      )}
      {open === 'override' && (
        <OverrideDialog
          key="set"
          person={person}
          feature={name}
          hasOverride={hasOverride}
          changed={answer.reload}
          onClose={() => setOpen(null)}
        />
      )}
      {open === 'clear' && (
        <ActionDialog
          key="clear"
          title={t.clearOverride}
          consequences={t.consequences.clearOverride}
          submit={t.clearOverride}
          onClose={() => setOpen(null)}
          onSubmit={async () => {
            await callApi(() =>
              client.v1.admin.users[':id'].features[':name'].$delete({ param: { id: person.id, name } }),
            )
            notify(t.overrideCleared)
            answer.reload()
          }}
        />
      )}
    </section>
  )
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf(':')
  return at < 0 ? ['', ''] : [text.slice(0, at), text.slice(at + 1)]
}
