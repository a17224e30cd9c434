import type { Feature, FeatureEdit, NewFeature } from '@manas360/client'
import { callApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { callTagged, ifMatch } from '../../calls/tagged.ts'
import { notifyUndoable } from '../../parts/undo.ts'
import { notify } from '../../shell/notices.tsx'
import { useTexts } from '../../shell/texts.ts'
import { EditDialog, type FieldSpec } from './edit-dialog.tsx'
import { readFeature } from './reads.ts'
import { useCatalogueTexts } from './texts.ts'

type Props = { feature: Feature | null; changed: () => void; onClose: () => void }

/** Edits the name and description of a feature, or makes a feature. */
export function FeatureDialog({ feature, changed, onClose }: Props) {
  const t = useCatalogueTexts()
  const shared = useTexts()
  const specs: FieldSpec[] = [
    { name: 'displayName', label: t.displayName, kind: 'text' },
    { name: 'description', label: t.description, kind: 'text' },
    { name: 'category', label: t.category, kind: 'text' },
  ]
  if (!feature)
    return (
      <EditDialog
        title={t.newFeature}
        of="new feature"
        specs={[{ name: 'name', label: t.name, kind: 'text', hint: t.nameHint }, ...specs]}
        consequences={[]}
        save={async (change) => {
          await callApi(() => client.v1.admin.features.$post({ json: change as NewFeature }))
          notify(t.saved(String(change.displayName)))
          changed()
        }}
        onClose={onClose}
      />
    )
  const param = { name: feature.name }
  const patch = (json: FeatureEdit, etag: string | null) =>
    callTagged(() => client.v1.admin.features[':name'].$patch({ param, json }, ifMatch(etag)))
  return (
    <EditDialog
      title={t.editOf(feature.displayName)}
      of={feature.name}
      specs={[...specs, { name: 'retired', label: t.isRetired, kind: 'yesno' }]}
      consequences={[t.featureText]}
      load={async () => {
        const { body, etag } = await readFeature(feature.name)
        return { body: { ...body, retired: false }, etag }
      }}
      save={async (change, etag, before) => {
        const { etag: now } = await patch(change, etag)
        const former = Object.fromEntries(Object.keys(change).map((name) => [name, before[name]])) as FeatureEdit
        notifyUndoable(t.saved(feature.displayName), shared, () => patch(former, now).then(changed))
        changed()
      }}
      onClose={onClose}
    />
  )
}
