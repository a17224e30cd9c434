import { callApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { ActionDialog } from '../../../parts/action-dialog.tsx'
import { notify } from '../../../shell/notices.tsx'
import { navigate } from '../../../shell/router.tsx'
import { peopleCache } from '../list/people-cache.ts'
import { usePeopleTexts } from '../texts.ts'
import type { DialogProps } from './dialog-props.ts'

/** Erases an account for good; its address must be typed first. */
export function EraseDialog({ person, onClose }: DialogProps) {
  const t = usePeopleTexts()
  return (
    <ActionDialog
      title={t.actions.erase}
      consequences={t.consequences.erase}
      submit={t.actions.erase}
      danger
      typed={{ label: t.typeAddress(person.email), text: person.email }}
      onClose={onClose}
      onSubmit={async () => {
        await callApi(() => client.v1.admin.users[':id'].$delete({ param: { id: person.id } }))
        notify(t.isErased(person.email))
        peopleCache.forget()
        navigate(['people'])
      }}
    />
  )
}
