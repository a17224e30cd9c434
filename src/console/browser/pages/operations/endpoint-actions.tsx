import type { RotatedWebhookSecret, Webhook } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { notifyUndoable } from '../../parts/undo.ts'
import { notify } from '../../shell/notices.tsx'
import { navigate } from '../../shell/router.tsx'
import { useTexts } from '../../shell/texts.ts'
import { EndpointDialog } from './endpoint-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'
import { useOperationsTexts } from './texts.ts'

const kinds = ['test', 'edit', 'rotate', 'switchOff', 'switchOn', 'remove'] as const
type Kind = (typeof kinds)[number]
type Props = { endpoint: Webhook; changed: () => void }

/** The actions on an endpoint. Each shows its consequences before it is confirmed. */
export function EndpointActions({ endpoint, changed }: Props) {
  const { webhookTexts: t } = useOperationsTexts()
  const [open, setOpen] = useState<Kind | null>(null)
  const [rotated, setRotated] = useState<RotatedWebhookSecret | null>(null)
  const onClose = () => setOpen(null)
  return (
    <div class="actions">
      <p class="buttons">
        {kinds
          .filter((kind) => isPossible(kind, endpoint))
          .map((kind) => (
            <button
              type="button"
              key={kind}
              class={kind === 'remove' ? 'warns' : undefined}
              onClick={() => setOpen(kind)}
            >
              {t[kind]}
            </button>
          ))}
      </p>
      {open === 'edit' && (
        <EndpointDialog
          key="edit"
          endpoint={endpoint}
          onClose={onClose}
          onSaved={({ url }) => {
            notify(t.saved(url))
            changed()
          }}
        />
      )}
      {open !== null && open !== 'edit' && (
        <Confirmed
          key={open}
          kind={open}
          endpoint={endpoint}
          changed={changed}
          onRotated={setRotated}
          onClose={onClose}
        />
      )}
      {rotated && open === null && (
        <SecretDialog
          key="secret"
          secret={rotated.secret}
          earlierUntil={rotated.earlierSecretUntil}
          onClose={() => setRotated(null)}
        />
      )}
    </div>
  )
}

function isPossible(kind: Kind, { enabled }: Webhook): boolean {
  if (kind === 'switchOn') return !enabled
  return kind === 'test' || kind === 'switchOff' ? enabled : true
}

type ConfirmedProps = Props & {
  kind: Exclude<Kind, 'edit'>
  onRotated: (rotated: RotatedWebhookSecret) => void
  onClose: () => void
}

function Confirmed({ kind, endpoint, changed, onRotated, onClose }: ConfirmedProps) {
  const { webhookTexts: t } = useOperationsTexts()
  const shared = useTexts()
  const { id, url } = endpoint
  const param = { id }
  const route = client.v1.admin.webhooks[':id']
  const switchTo = (enabled: boolean) => callApi(() => route.$patch({ param, json: { enabled } }))
  const acts: Record<typeof kind, () => Promise<void>> = {
    async test() {
      await callApi(() => route.test.$post({ param }))
      notify(t.tested)
      changed()
    },
    async rotate() {
      onRotated(await callApi(() => route.rotate.$post({ param })))
      changed()
    },
    async switchOff() {
      await switchTo(false)
      notifyUndoable(t.isNowOff(url), shared, () => switchTo(true).then(changed))
      changed()
    },
    async switchOn() {
      await switchTo(true)
      notify(t.isOn(url))
      changed()
    },
    async remove() {
      await callApi(() => route.$delete({ param }))
      notify(t.removed(url))
      navigate(['operations', 'webhooks'])
    },
  }
  return (
    <ActionDialog
      title={`${t[kind]}: ${url}`}
      consequences={t[`${kind}Text`]}
      submit={t[kind]}
      danger={kind === 'remove' || kind === 'switchOff'}
      onSubmit={acts[kind]}
      onClose={onClose}
    />
  )
}
