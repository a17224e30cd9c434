import { callApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { ActionDialog } from '../../../parts/action-dialog.tsx'
import { notifyUndoable } from '../../../parts/undo.ts'
import { notify } from '../../../shell/notices.tsx'
import { useTexts } from '../../../shell/texts.ts'
import { usePeopleTexts } from '../texts.ts'
import type { DialogProps } from './dialog-props.ts'

/** Locks an account: it cannot sign in until it is unlocked. */
export function LockDialog({ person, changed, onClose }: DialogProps) {
  const t = usePeopleTexts()
  const shared = useTexts()
  const param = { id: person.id }
  return (
    <ActionDialog
      title={t.actions.lock}
      consequences={t.consequences.lock}
      submit={t.actions.lock}
      danger
      wantsReason
      onClose={onClose}
      onSubmit={async ({ reason = '' }) => {
        await callApi(() => client.v1.admin.users[':id'].lock.$post({ param, json: { reason } }))
        notifyUndoable(t.isLocked(person.email), shared, () =>
          callApi(() => client.v1.admin.users[':id'].unlock.$post({ param })).then(changed),
        )
        changed()
      }}
    />
  )
}

/** Ends a lock, and a lockout by wrong passwords. An active account can only have the latter. */
export function UnlockDialog({ person, changed, onClose }: DialogProps) {
  const t = usePeopleTexts()
  const kind = person.status === 'locked' ? 'unlock' : 'lockout'
  return (
    <ActionDialog
      title={t.actions[kind]}
      consequences={t.consequences[kind]}
      submit={t.actions[kind]}
      onClose={onClose}
      onSubmit={async () => {
        await callApi(() => client.v1.admin.users[':id'].unlock.$post({ param: { id: person.id } }))
        notify(kind === 'unlock' ? t.isUnlocked(person.email) : t.lockoutEnded(person.email))
        changed()
      }}
    />
  )
}

/** Ends all sessions of a person. */
export function EndSessionsDialog({ person, changed, onClose }: DialogProps) {
  const t = usePeopleTexts()
  return (
    <ActionDialog
      title={t.actions.sessions}
      consequences={t.consequences.sessions}
      submit={t.actions.sessions}
      danger
      onClose={onClose}
      onSubmit={async () => {
        await callApi(() => client.v1.admin.users[':id']['revoke-sessions'].$post({ param: { id: person.id } }))
        notify(t.sessionsEnded(person.email))
        changed()
      }}
    />
  )
}

/** Removes the second factors of a person who lost them. */
export function ResetFactorsDialog({ person, changed, onClose }: DialogProps) {
  const t = usePeopleTexts()
  return (
    <ActionDialog
      title={t.actions.factors}
      consequences={t.consequences.factors}
      submit={t.actions.factors}
      danger
      wantsReason
      onClose={onClose}
      onSubmit={async ({ reason = '' }) => {
        await callApi(() => client.v1.admin.users[':id'].mfa.$delete({ param: { id: person.id }, json: { reason } }))
        notify(t.factorsRemoved(person.email))
        changed()
      }}
    />
  )
}
