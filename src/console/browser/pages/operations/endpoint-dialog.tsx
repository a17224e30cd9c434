import type { CreatedWebhook, Webhook } from '@manas360/client'
import { useId, useState } from 'hono/jsx/dom'
import { callApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { useTexts } from '../../shell/texts.ts'
import { useOperationsTexts } from './texts.ts'

type Event = Webhook['events'][number]

/** All events. The compiler reports one that is missing here. */
const everyEvent: Record<Event, true> = {
  'account.created': true,
  'account.updated': true,
  'account.erased': true,
  'session.revoked': true,
  'role.changed': true,
  'subscription.changed': true,
  'subscription.ended': true,
  'payment.succeeded': true,
  'payment.failed': true,
  'team.member_added': true,
  'team.member_removed': true,
  'api_key.created': true,
  'api_key.deleted': true,
  'catalogue.changed': true,
}
const events = Object.keys(everyEvent) as Event[]
const fieldOf = (event: Event) => `on ${event}`

type Props =
  | { endpoint: null; onSaved: (saved: CreatedWebhook) => void; onClose: () => void }
  | { endpoint: Webhook; onSaved: (saved: Webhook) => void; onClose: () => void }

/** Edits the URL and events of an endpoint, or makes an endpoint. Only changed fields are sent. */
export function EndpointDialog(props: Props) {
  const { onClose } = props
  // The endpoint as it was when the dialog opened: a refresh must not change the fields.
  const [endpoint] = useState(props.endpoint)
  const { webhookTexts: t } = useOperationsTexts()
  const shared = useTexts()
  async function send(typed: Record<string, string>): Promise<void> {
    const { url = '', description: text = '' } = typed
    const description = text === '' ? null : text
    const chosen = events.filter((event) => fieldOf(event) in typed)
    if (props.endpoint === null) {
      const json = { url, events: chosen, description }
      return props.onSaved(await callApi(() => client.v1.admin.webhooks.$post({ json })))
    }
    const before = endpoint ?? props.endpoint
    const json = {
      ...(url !== before.url && { url }),
      ...(description !== before.description && { description }),
      ...(chosen.join() !== events.filter((event) => before.events.includes(event)).join() && { events: chosen }),
    }
    const param = { id: before.id }
    props.onSaved(await callApi(() => client.v1.admin.webhooks[':id'].$patch({ param, json })))
  }
  return (
    <ActionDialog
      title={endpoint ? `${t.edit}: ${endpoint.url}` : t.add}
      consequences={[endpoint ? t.editText : t.addText]}
      submit={shared.save}
      shown={['url', 'description', 'events']}
      onSubmit={send}
      onClose={onClose}
      fields={(errors) => (
        <>
          <Field
            label={t.url}
            name="url"
            type="url"
            autocomplete="off"
            required
            initial={endpoint?.url ?? ''}
            error={errors.url}
          />
          <Field
            label={t.description}
            name="description"
            autocomplete="off"
            initial={endpoint?.description ?? ''}
            error={errors.description}
          />
          <fieldset>
            <legend>{t.events}</legend>
            <div class="events">
              {events.map((event) => (
                <Choice key={event} event={event} isChosen={endpoint?.events.includes(event) ?? false} />
              ))}
            </div>
            <p class="error">{errors.events ?? ''}</p>
          </fieldset>
        </>
      )}
    />
  )
}

function Choice({ event, isChosen }: { event: Event; isChosen: boolean }) {
  const id = useId()
  return (
    <p class="choice">
      <input type="checkbox" id={id} name={fieldOf(event)} checked={isChosen} />
      <label for={id}>{event}</label>
    </p>
  )
}
