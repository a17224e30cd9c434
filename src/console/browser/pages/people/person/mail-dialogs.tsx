import { callApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { ActionDialog } from '../../../parts/action-dialog.tsx'
import { notify } from '../../../shell/notices.tsx'
import { usePeopleTexts } from '../texts.ts'
import type { DialogProps } from './dialog-props.ts'

/** Mails an invitation again. */
export function InvitationDialog({ person, onClose }: DialogProps) {
  const t = usePeopleTexts()
  return (
    <ActionDialog
      title={t.actions.invitation}
      consequences={t.consequences.invitation(person.email)}
      submit={t.actions.invitation}
      onClose={onClose}
      onSubmit={async () => {
        await callApi(() => client.v1.admin.users[':id'].invitation.$post({ param: { id: person.id } }))
        notify(t.mailed(person.email))
      }}
    />
  )
}

/** Mails a link by which the person sets a new password. Administrators never set one. */
export function PasswordDialog({ person, onClose }: DialogProps) {
  const t = usePeopleTexts()
  return (
    <ActionDialog
      title={t.actions.password}
      consequences={t.consequences.password(person.email)}
      submit={t.actions.password}
      onClose={onClose}
      onSubmit={async () => {
        await callApi(() => client.v1.admin.users[':id']['password-reset'].$post({ param: { id: person.id } }))
        notify(t.mailed(person.email))
      }}
    />
  )
}
