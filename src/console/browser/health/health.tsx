import type { Operations } from '@manas360/client'
import type { Loaded } from '../calls/use-answer.ts'
import { type Figure, Figures } from '../parts/figures.tsx'
import { Problem } from '../parts/problem.tsx'
import { Table } from '../parts/table.tsx'
import { type Format, useFormat } from '../shell/format.ts'
import { useHealthTexts } from './texts.ts'
import type { HealthTexts } from './texts-en.ts'

/** The service itself counts a feed that is older as stale, and refuses to judge by it. */
const staleFeedMs = 5_000
/** What waits longer is stuck: mail and webhooks are taken up within seconds. */
const longWaitSeconds = 300

/** What serves, and what waits. */
export function Health({ answer }: { answer: Loaded<Operations> }) {
  const t = useHealthTexts()
  const format = useFormat()
  const now = answer.data
  return (
    <section class="card">
      <h2>{t.health}</h2>
      <Problem failure={answer.failure} retry={answer.reload} />
      {now && <Figures key="queues" figures={queuesOf(now, t, format)} />}
      {now && (
        <Table
          key="instances"
          label={t.instances}
          columns={[
            { title: t.instance },
            { title: t.state },
            { title: t.version },
            { title: t.since },
            { title: t.feedAge, isNumber: true },
            { title: t.memory, isNumber: true },
          ]}
          rows={now.instances.map((one) => ({
            key: one.id,
            cells: [
              one.id === now.answeredBy ? t.answering(one.host) : one.host,
              <span class={one.status === 'ok' ? 'state' : 'state bad'} key="state">
                {t.states[one.status]}
              </span>,
              `${one.version} (${one.commit})`,
              format.ago(one.startedAt),
              format.duration(one.feedAgeMs),
              t.megabytes(format.number(Math.round(one.memoryBytes / 1e6))),
            ],
          }))}
        />
      )}
    </section>
  )
}

function queuesOf({ feedAgeMs, queues }: Operations, t: HealthTexts, format: Format): Figure[] {
  const { mail, billingEvents, webhooks } = queues
  const oldest = (seconds: number) => (seconds > 0 ? t.oldest(format.duration(seconds * 1000)) : t.noneWaits)
  return [
    { label: t.feedAge, value: format.duration(feedAgeMs), isBad: feedAgeMs > staleFeedMs },
    {
      label: t.mail,
      value: mail.on ? t.waits(format.number(mail.queued)) : t.mailOff,
      note: `${oldest(mail.oldestSeconds)} · ${t.failed(format.number(mail.failed))}`,
      isBad: mail.failed > 0 || mail.oldestSeconds > longWaitSeconds,
    },
    {
      label: t.inbox,
      value: t.waits(format.number(billingEvents.queued)),
      note: `${oldest(billingEvents.oldestSeconds)} · ${t.failed(format.number(billingEvents.failed))}`,
      isBad: billingEvents.failed > 0 || billingEvents.oldestSeconds > longWaitSeconds,
    },
    {
      label: t.webhooks,
      value: t.waits(format.number(webhooks.queued)),
      note: t.endpoints(format.number(webhooks.failing), format.number(webhooks.disabled)),
      isBad: webhooks.failing > 0 || webhooks.oldestSeconds > longWaitSeconds,
    },
  ]
}
