import { readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { useAnswer } from '../../calls/use-answer.ts'
import { usePages } from '../../calls/use-pages.ts'
import { useRefreshed } from '../../calls/use-refreshed.ts'
import { plainText } from '../../parts/plain-text.ts'
import { Problem } from '../../parts/problem.tsx'
import { useFormat } from '../../shell/format.ts'
import { Link } from '../../shell/router.tsx'
import { useTexts } from '../../shell/texts.ts'
import { Deliveries } from './deliveries.tsx'
import { EndpointActions } from './endpoint-actions.tsx'
import { EndpointState } from './endpoint-state.tsx'
import { useOperationsTexts } from './texts.ts'

const everyMs = 15_000
/** The interval of polling while a delivery is sent for the first time. */
const whileSendingMs = 2_000

/** One endpoint: its address, state, actions and deliveries, refreshed while the page is visible. */
export function Endpoint({ id }: { id: string }) {
  const { webhookTexts: t } = useOperationsTexts()
  const shared = useTexts()
  const format = useFormat()
  const param = { id }
  const answer = useAnswer(`endpoint ${id}`, () => readApi(() => client.v1.admin.webhooks[':id'].$get({ param })))
  const list = usePages(`deliveries ${id}`, (cursor) =>
    readApi(() =>
      client.v1.admin.webhooks[':id'].deliveries.$get({ param, query: { limit: '50', ...(cursor && { cursor }) } }),
    ),
  )
  const isSending = list.pages[0]?.some(({ status, attempts }) => status === 'queued' && attempts === 0) ?? false
  useRefreshed(
    () => {
      answer.refresh()
      list.refresh()
    },
    isSending ? whileSendingMs : everyMs,
  )
  const changed = () => {
    answer.reload()
    list.reload()
  }
  const endpoint = answer.data
  return (
    <>
      <section class="card" key="endpoint">
        <p class="back">
          <Link path={['operations', 'webhooks']}>{t.backToList}</Link>
        </p>
        <h2>{endpoint?.url ?? t.endpoint}</h2>
        <Problem failure={answer.failure} retry={answer.reload} />
        {!endpoint && answer.isLoading && <p key="loading">{shared.loading}</p>}
        {endpoint && (
          <div key="facts">
            {endpoint.description && <p key="description">{plainText(endpoint.description)}</p>}
            <p class="facts">
              <EndpointState of={endpoint} />
              <span>{`${t.lastAttempt}: ${endpoint.lastAttemptAt ? format.ago(endpoint.lastAttemptAt) : shared.never}`}</span>
              <span>{`${t.made}: ${format.time(endpoint.createdAt)}`}</span>
            </p>
            <p>
              {t.events}: {endpoint.events.join(', ')}
            </p>
            <EndpointActions endpoint={endpoint} changed={changed} />
          </div>
        )}
      </section>
      {endpoint && <Deliveries key="deliveries" endpoint={endpoint} list={list} />}
    </>
  )
}
