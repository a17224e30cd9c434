import type { NewRole, Role, RoleEdit } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { callTagged, ifMatch } from '../../calls/tagged.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { notifyUndoable } from '../../parts/undo.ts'
import { notify } from '../../shell/notices.tsx'
import { useTexts } from '../../shell/texts.ts'
import { EditDialog, type FieldSpec } from './edit-dialog.tsx'
import { readRole } from './reads.ts'
import { useCatalogueTexts } from './texts.ts'

type Props = { role: Role | null; changed: () => void; onClose: () => void }

/** Edits the description, level and retirement of a role, or makes a role. */
export function RoleDialog({ role, changed, onClose }: Props) {
  const t = useCatalogueTexts()
  const shared = useTexts()
  const [isDeleting, setDeleting] = useState(false)
  const description: FieldSpec = { name: 'description', label: t.description, kind: 'text' }
  const level: FieldSpec = { name: 'privilegeLevel', label: t.privilegeLevel, kind: 'number', hint: t.levelHint }
  if (!role)
    return (
      <EditDialog
        title={t.newRole}
        of="new role"
        specs={[{ name: 'name', label: t.name, kind: 'text', hint: t.nameHint }, description, level]}
        consequences={[t.newRoleText]}
        save={async (change) => {
          await callApi(() => client.v1.admin.roles.$post({ json: { description: '', ...change } as NewRole }))
          notify(t.saved(String(change.name)))
          changed()
        }}
        onClose={onClose}
      />
    )
  const param = { name: role.name }
  const patch = (json: RoleEdit, etag: string | null) =>
    callTagged(() => client.v1.admin.roles[':name'].$patch({ param, json }, ifMatch(etag)))
  if (isDeleting)
    return (
      <ActionDialog
        title={t.deleteRole}
        consequences={[t.deleteRoleText]}
        submit={t.deleteRole}
        danger
        onClose={onClose}
        onSubmit={async () => {
          await callApi(() => client.v1.admin.roles[':name'].$delete({ param }))
          notify(t.saved(role.name))
          changed()
        }}
      />
    )
  const own: FieldSpec[] = role.seeded ? [] : [level, { name: 'retired', label: t.isRetired, kind: 'yesno' }]
  return (
    <EditDialog
      title={t.editOf(role.name)}
      of={role.name}
      specs={[description, ...own]}
      consequences={[role.seeded ? t.seeded : t.roleText]}
      {...(!role.seeded && { extra: { label: t.deleteRole, onPress: () => setDeleting(true) } })}
      load={() => readRole(role.name)}
      save={async (change, etag, before) => {
        const { etag: now } = await patch(change, etag)
        const former = Object.fromEntries(Object.keys(change).map((name) => [name, before[name]])) as RoleEdit
        notifyUndoable(t.saved(role.name), shared, () => patch(former, now).then(changed))
        changed()
      }}
      onClose={onClose}
    />
  )
}
