import type { Mail } from '@manas360/client'
import { callApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { notify } from '../../shell/notices.tsx'
import { useOperationsTexts } from './texts.ts'

/** Sends a failed mail again, or a waiting one at once. */
export function RetryDialog({ mail, changed, onClose }: { mail: Mail; changed: () => void; onClose: () => void }) {
  const t = useOperationsTexts()
  const { id, template, status } = mail
  const label = status === 'failed' ? t.retry : t.sendNow
  return (
    <ActionDialog
      title={`${label}: ${template}`}
      consequences={status === 'failed' ? t.retryText : t.sendNowText}
      submit={label}
      onClose={onClose}
      onSubmit={async () => {
        await callApi(() => client.v1.admin.mail[':id'].retry.$post({ param: { id } }))
        notify(t.mailQueued(template))
        changed()
      }}
    />
  )
}
