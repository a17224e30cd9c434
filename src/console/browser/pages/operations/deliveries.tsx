import type { Webhook, WebhookDelivery } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import type { Pages } from '../../calls/use-pages.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { More } from '../../parts/more.tsx'
import { plainText } from '../../parts/plain-text.ts'
import { QuotedText } from '../../parts/quoted-text.tsx'
import { Table } from '../../parts/table.tsx'
import { useFormat } from '../../shell/format.ts'
import { notify } from '../../shell/notices.tsx'
import { Progress } from './progress.tsx'
import { useOperationsTexts } from './texts.ts'

type Props = { endpoint: Webhook; list: Pages<WebhookDelivery> }

/** The deliveries to an endpoint with their answers, newest first. */
export function Deliveries({ endpoint, list }: Props) {
  const texts = useOperationsTexts()
  const t = texts.webhookTexts
  const format = useFormat()
  const [opened, setOpened] = useState<WebhookDelivery | null>(null)
  const deliveries = list.pages.flat()
  return (
    <section class="card">
      <h2>{t.deliveries}</h2>
      {deliveries.length > 0 && (
        <Table
          key="deliveries"
          isWorked
          label={t.deliveries}
          columns={[
            { title: t.delivery },
            { title: t.state },
            { title: t.answer },
            { title: t.took, isNumber: true },
            { title: t.sent },
            { title: texts.action },
          ]}
          rows={deliveries.map((one) => ({
            key: one.id,
            cells: [
              <NameCell key="event" delivery={one} />,
              <Progress key="state" of={one} label={t.statuses[one.status]} />,
              <Answer key="answer" delivery={one} />,
              one.durationMs === null ? '–' : format.duration(one.durationMs),
              format.time(one.createdAt),
              endpoint.enabled ? (
                <button
                  type="button"
                  key="redeliver"
                  aria-label={`${t.redeliver}: ${plainText(one.type)} msg_${one.messageId}`}
                  onClick={() => setOpened(one)}
                >
                  {t.redeliver}
                </button>
              ) : (
                t.isOff
              ),
            ],
          }))}
        />
      )}
      <More list={list} />
      {opened && (
        <RedeliverDialog
          key={opened.id}
          endpoint={endpoint}
          delivery={opened}
          changed={list.reload}
          onClose={() => setOpened(null)}
        />
      )}
    </section>
  )
}

function NameCell({ delivery: { type, messageId } }: { delivery: WebhookDelivery }) {
  return (
    <>
      <code>{plainText(type)}</code>
      <span class="hint">{`msg_${messageId}`}</span>
    </>
  )
}

function Answer({ delivery: { responseStatus, responseBody } }: { delivery: WebhookDelivery }) {
  return (
    <>
      <span>{responseStatus ?? '–'}</span>
      {responseBody && <QuotedText key="body" text={responseBody} />}
    </>
  )
}

type RedeliverProps = { endpoint: Webhook; delivery: WebhookDelivery; changed: () => void; onClose: () => void }

/** Sends a message again. */
function RedeliverDialog({ endpoint, delivery: { id, type }, changed, onClose }: RedeliverProps) {
  const { webhookTexts: t } = useOperationsTexts()
  const param = { id: endpoint.id, deliveryId: id }
  return (
    <ActionDialog
      title={`${t.redeliver}: ${plainText(type)}`}
      consequences={t.redeliverText}
      submit={t.redeliver}
      onClose={onClose}
      onSubmit={async () => {
        await callApi(() => client.v1.admin.webhooks[':id'].deliveries[':deliveryId'].redeliver.$post({ param }))
        notify(t.redelivered(plainText(type)))
        changed()
      }}
    />
  )
}
