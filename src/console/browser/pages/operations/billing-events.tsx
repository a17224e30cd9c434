import type { BillingEvent, Operations } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi, readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import type { Loaded } from '../../calls/use-answer.ts'
import { usePages } from '../../calls/use-pages.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { plainText } from '../../parts/plain-text.ts'
import { Select } from '../../parts/select.tsx'
import { useFormat } from '../../shell/format.ts'
import { notify } from '../../shell/notices.tsx'
import { setQuery, useRoute } from '../../shell/router.tsx'
import { AuditedList, signalOf } from './audited-list.tsx'
import { Progress } from './progress.tsx'
import { StatusFilter, useStatus } from './status-filter.tsx'
import { useOperationsTexts } from './texts.ts'

const statuses = ['failed', 'queued', 'done', 'ignored'] as const
const providers = ['stripe', 'razorpay', 'sandbox']

/** The notifications of payment providers and their state; by default those that failed. */
export function BillingEvents({ operations }: { operations: Loaded<Operations> }) {
  const t = useOperationsTexts()
  const format = useFormat()
  const { query } = useRoute()
  const [opened, setOpened] = useState<BillingEvent | null>(null)
  const status = useStatus()
  const { provider } = query
  const list = usePages(JSON.stringify(['events', status, provider]), (cursor) =>
    readApi(() =>
      // Unknown statuses and providers are sent unchanged, and the service refuses them.
      client.v1.admin.billing.events.$get({
        query: {
          limit: '50',
          ...(status && { status: status as BillingEvent['status'] }),
          ...(provider && { provider }),
          ...(cursor && { cursor }),
        },
      }),
    ),
  )
  const changed = () => {
    list.reload()
    operations.refresh()
  }
  return (
    <>
      <AuditedList
        key="list"
        label={t.tabs['billing-events']}
        list={list}
        signal={signalOf(status, operations.data?.queues.billingEvents)}
        filters={
          <>
            <StatusFilter statuses={statuses} names={t.eventStatuses} />
            <Select
              label={t.provider}
              name="provider"
              chosen={provider}
              choices={[
                { value: '', text: t.every },
                ...[...new Set([...providers, ...(provider ? [provider] : [])])].map((value) => ({
                  value,
                  text: plainText(value),
                })),
              ]}
              onChoose={(chosen) => setQuery({ provider: chosen })}
            />
          </>
        }
        columns={[t.event, t.object, t.status, t.received, t.action].map((title) => ({ title }))}
        rows={list.pages.flat().map((one) => ({
          key: one.id,
          cells: [
            <EventCell key="event" event={one} />,
            <code key="object">{plainText(one.objectId ?? '–')}</code>,
            <Progress key="status" of={one} label={t.eventStatuses[one.status]} />,
            format.time(one.receivedAt),
            <button
              type="button"
              key="replay"
              aria-label={`${t.replay}: ${plainText(one.type)} ${plainText(one.eventId)}`}
              onClick={() => setOpened(one)}
            >
              {t.replay}
            </button>,
          ],
        }))}
      />
      {opened && <ReplayDialog key={opened.id} event={opened} changed={changed} onClose={() => setOpened(null)} />}
    </>
  )
}

function EventCell({ event: { type, provider, eventId } }: { event: BillingEvent }) {
  return (
    <>
      <code>{plainText(type)}</code>
      <span class="hint">{`${plainText(provider)} · ${plainText(eventId)}`}</span>
    </>
  )
}

type ReplayProps = { event: BillingEvent; changed: () => void; onClose: () => void }

/** Processes an event again, whatever its state. */
function ReplayDialog({ event: { id, type }, changed, onClose }: ReplayProps) {
  const t = useOperationsTexts()
  return (
    <ActionDialog
      title={`${t.replay}: ${plainText(type)}`}
      consequences={t.replayText}
      submit={t.replay}
      onClose={onClose}
      onSubmit={async () => {
        await callApi(() => client.v1.admin.billing.events[':id'].replay.$post({ param: { id } }))
        notify(t.eventQueued(plainText(type)))
        changed()
      }}
    />
  )
}
