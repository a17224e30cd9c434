import type { CreatedWebhook, Webhook } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { usePages } from '../../calls/use-pages.ts'
import { useRefreshed } from '../../calls/use-refreshed.ts'
import { More } from '../../parts/more.tsx'
import { plainText } from '../../parts/plain-text.ts'
import { Table } from '../../parts/table.tsx'
import { useFormat } from '../../shell/format.ts'
import { Link } from '../../shell/router.tsx'
import { useTexts } from '../../shell/texts.ts'
import { EndpointDialog } from './endpoint-dialog.tsx'
import { EndpointState } from './endpoint-state.tsx'
import { SecretDialog } from './secret-dialog.tsx'
import { useOperationsTexts } from './texts.ts'

const everyMs = 15_000

/** The operators' endpoints, newest first, refreshed while the page is visible. */
export function Endpoints() {
  const texts = useOperationsTexts()
  const t = texts.webhookTexts
  const shared = useTexts()
  const format = useFormat()
  const [isAdding, setAdding] = useState(false)
  const [created, setCreated] = useState<CreatedWebhook | null>(null)
  const list = usePages('endpoints', (cursor) =>
    readApi(() => client.v1.admin.webhooks.$get({ query: { limit: '50', ...(cursor && { cursor }) } })),
  )
  useRefreshed(list.refresh, everyMs)
  const endpoints = list.pages.flat()
  return (
    <section class="card">
      <h2>{texts.tabs.webhooks}</h2>
      <p class="hint">{t.onlyOurs}</p>
      <p class="buttons">
        <button type="button" onClick={() => setAdding(true)}>
          {t.add}
        </button>
      </p>
      {endpoints.length > 0 && (
        <Table
          key="endpoints"
          isWorked
          label={texts.tabs.webhooks}
          columns={[t.endpoint, t.state, t.events, t.lastAttempt].map((title) => ({ title }))}
          rows={endpoints.map((one) => ({
            key: one.id,
            cells: [
              <NameCell key="endpoint" endpoint={one} />,
              <EndpointState key="state" of={one} />,
              one.events.join(', '),
              one.lastAttemptAt ? format.ago(one.lastAttemptAt) : shared.never,
            ],
          }))}
        />
      )}
      <More list={list} />
      {isAdding && (
        <EndpointDialog
          key="add"
          endpoint={null}
          onClose={() => setAdding(false)}
          onSaved={(saved) => {
            setCreated(saved)
            list.reload()
          }}
        />
      )}
      {created && !isAdding && <SecretDialog key="secret" secret={created.secret} onClose={() => setCreated(null)} />}
    </section>
  )
}

function NameCell({ endpoint: { id, url, description } }: { endpoint: Webhook }) {
  return (
    <>
      <Link path={['operations', 'webhooks']} query={{ endpoint: id }}>
        {url}
      </Link>
      <span class="hint">{plainText(description ?? '')}</span>
    </>
  )
}
