import type { Operations } from '@manas360/client'
import type { Child } from 'hono/jsx'
import type { Loaded } from '../calls/use-answer.ts'
import { type Figure, Figures } from '../parts/figures.tsx'
import { Problem } from '../parts/problem.tsx'
import { Table } from '../parts/table.tsx'
import { useRights } from '../session/rights.ts'
import { type Format, useFormat } from '../shell/format.ts'
import { Link } from '../shell/router.tsx'
import { useHealthTexts } from './texts.ts'
import type { HealthTexts } from './texts-en.ts'

/** From this age on, the service counts its feed of changes as stale. */
const staleFeedMs = 5_000
/** Mail and webhooks are normally sent within seconds; longer waits are shown as a fault. */
const longWaitSeconds = 300

type LinkTo = (part: string, text: string) => Child

/** The instances and the queues, each of which links to its items. */
export function Health({ answer }: { answer: Loaded<Operations> }) {
  const t = useHealthTexts()
  const format = useFormat()
  const { may } = useRights()
  const now = answer.data
  const linkTo: LinkTo = (part, text) =>
    part === 'billing-events' && !may('subscriptions.manage') ? text : <Link path={['operations', part]}>{text}</Link>
  return (
    <section class="card">
      <h2>{t.health}</h2>
      <Problem failure={answer.failure} retry={answer.reload} />
      {now && <Figures key="queues" figures={queuesOf(now, t, format, linkTo)} />}
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

function queuesOf(now: Operations, t: HealthTexts, format: Format, linkTo: LinkTo): Figure[] {
  const { mail, billingEvents, webhooks } = now.queues
  const oldest = (seconds: number) => (seconds > 0 ? t.oldest(format.duration(seconds * 1000)) : t.noneWaits)
  const waits = (count: number) => t.waits(format.number(count))
  return [
    { label: t.feedAge, value: format.duration(now.feedAgeMs), isBad: now.feedAgeMs > staleFeedMs },
    {
      label: t.mail,
      value: linkTo('mail', mail.on ? waits(mail.queued) : t.mailOff),
      note: `${oldest(mail.oldestSeconds)} · ${t.failed(format.number(mail.failed))}`,
      isBad: mail.failed > 0 || mail.oldestSeconds > longWaitSeconds,
    },
    {
      label: t.inbox,
      value: linkTo('billing-events', waits(billingEvents.queued)),
      note: `${oldest(billingEvents.oldestSeconds)} · ${t.failed(format.number(billingEvents.failed))}`,
      isBad: billingEvents.failed > 0 || billingEvents.oldestSeconds > longWaitSeconds,
    },
    {
      label: t.webhooks,
      value: linkTo('webhooks', waits(webhooks.queued)),
      note: t.endpoints(format.number(webhooks.failing), format.number(webhooks.disabled)),
      isBad: webhooks.failing > 0 || webhooks.oldestSeconds > longWaitSeconds,
    },
  ]
}
