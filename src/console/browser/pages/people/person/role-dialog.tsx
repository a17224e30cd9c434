import { useState } from 'hono/jsx/dom'
import { callApi } from '../../../calls/call-api.ts'
import { useCatalogue } from '../../../calls/catalogue.ts'
import { client } from '../../../calls/client.ts'
import { ActionDialog } from '../../../parts/action-dialog.tsx'
import { Select } from '../../../parts/select.tsx'
import { notifyUndoable } from '../../../parts/undo.ts'
import { useRights } from '../../../session/rights.ts'
import { useTexts } from '../../../shell/texts.ts'
import { assignableRoles } from '../assignable-roles.ts'
import { usePeopleTexts } from '../texts.ts'
import type { DialogProps } from './dialog-props.ts'

/** Assigns a role; shows the permissions that are gained and lost, and whom the person then outranks. */
export function RoleDialog({ person, changed, onClose }: DialogProps) {
  const t = usePeopleTexts()
  const shared = useTexts()
  const rights = useRights()
  const catalogue = useCatalogue()
  const [wanted, setWanted] = useState(person.role)
  const all = catalogue.data?.roles ?? []
  const now = all.find(({ name }) => name === person.role)
  const next = all.find(({ name }) => name === wanted)
  const given = assignableRoles(catalogue.data, rights)
  // The present role is listed first, also where it could not be assigned.
  const choices = [person.role, ...given.map(({ name }) => name).filter((name) => name !== person.role)]
  const gained = next?.permissions.filter((one) => !now?.permissions.includes(one)) ?? []
  const lost = now?.permissions.filter((one) => !next?.permissions.includes(one)) ?? []
  const consequences =
    wanted === person.role || !next
      ? [t.consequences.role]
      : [
          t.gains(gained),
          t.loses(lost),
          t.isAbove(all.filter(({ privilegeLevel }) => privilegeLevel < next.privilegeLevel).map(({ name }) => name)),
          t.consequences.role,
        ]
  const assign = (role: string) =>
    callApi(() => client.v1.admin.users[':id'].role.$put({ param: { id: person.id }, json: { role } }))
  return (
    <ActionDialog
      title={t.actions.role}
      consequences={consequences}
      submit={t.actions.role}
      danger={lost.length > 0}
      onClose={onClose}
      onSubmit={async ({ role = '' }) => {
        await assign(role)
        notifyUndoable(t.hasRole(person.email, role), shared, () => assign(person.role).then(changed))
        changed()
      }}
      fields={(errors) => (
        <Select
          key={catalogue.data ? 'roles' : 'none'}
          label={t.role}
          name="role"
          chosen={person.role}
          choices={choices.map((name) => ({ value: name, text: name }))}
          error={errors.role}
          onChoose={setWanted}
        />
      )}
    />
  )
}
