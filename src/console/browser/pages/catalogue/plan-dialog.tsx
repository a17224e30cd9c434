import type { NewPlan, Plan, PlanEdit } from '@manas360/client'
import { callApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { callTagged, ifMatch } from '../../calls/tagged.ts'
import { notifyUndoable } from '../../parts/undo.ts'
import { notify } from '../../shell/notices.tsx'
import { useTexts } from '../../shell/texts.ts'
import { EditDialog, type FieldSpec } from './edit-dialog.tsx'
import { readPlan } from './reads.ts'
import { useCatalogueTexts } from './texts.ts'

type Props = { plan: Plan | null; changed: () => void; onClose: () => void }

/** Edits the name and limits of a plan, or makes a plan. Prices have their own dialog. */
export function PlanDialog({ plan, changed, onClose }: Props) {
  const t = useCatalogueTexts()
  const shared = useTexts()
  const limit = (name: 'maxUsers' | 'maxApiRequestsPerMonth' | 'maxStorageGb' | 'apiRequestsPerMinute'): FieldSpec => ({
    name,
    label: t[name],
    kind: 'limit',
  })
  const specs: FieldSpec[] = [
    { name: 'displayName', label: t.displayName, kind: 'text' },
    { name: 'description', label: t.description, kind: 'text' },
    { name: 'tier', label: t.tier, kind: 'number', hint: t.tierHint },
    { name: 'trialDays', label: t.trialDays, kind: 'number' },
    limit('maxUsers'),
    limit('maxApiRequestsPerMonth'),
    limit('maxStorageGb'),
    limit('apiRequestsPerMinute'),
    { name: 'featured', label: t.featured, kind: 'yesno' },
  ]
  if (!plan)
    return (
      <EditDialog
        title={t.newPlan}
        of="new plan"
        specs={[{ name: 'name', label: t.name, kind: 'text', hint: t.nameHint }, ...specs]}
        consequences={[t.newPlanText]}
        save={async (change) => {
          await callApi(() => client.v1.admin.plans.$post({ json: change as NewPlan }))
          notify(t.saved(String(change.displayName)))
          changed()
        }}
        onClose={onClose}
      />
    )
  const { name } = plan
  const param = { name }
  const patch = (json: PlanEdit, etag: string | null) =>
    callTagged(() => client.v1.admin.plans[':name'].$patch({ param, json }, ifMatch(etag)))
  async function load() {
    const { body, etag } = await readPlan(name)
    const { limits, ...fields } = body
    return { body: { ...fields, ...limits, retired: false }, etag }
  }
  return (
    <EditDialog
      title={t.editOf(plan.displayName)}
      of={plan.name}
      specs={[...specs, { name: 'retired', label: t.isRetired, kind: 'yesno' }]}
      consequences={[t.planText]}
      load={load}
      save={async (change, etag, before) => {
        const { etag: now } = await patch(change, etag)
        const former = Object.fromEntries(Object.keys(change).map((name) => [name, before[name]])) as PlanEdit
        notifyUndoable(t.saved(plan.displayName), shared, () => patch(former, now).then(changed))
        changed()
      }}
      onClose={onClose}
    />
  )
}
