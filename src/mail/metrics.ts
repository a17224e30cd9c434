import type { Db } from '../db/types.ts'
import { durationHistogramBy } from '../metrics/durations.ts'
import { counterBy, gauge, gaugesOf, type Metric } from '../metrics/metric.ts'
import { delayBounds } from './figures.ts'
import type { Outbox } from './outbox.ts'
import { findQueue } from './sender-queries.ts'

/**
 * Outcomes of mails on this instance, and the queue of all instances, which has no samples while the database is lost.
 */
export function mailMetrics({ mail, sql }: { mail: Outbox; sql: Db }): Metric[] {
  const { figures } = mail
  const outcomes = counterBy(
    'manas360_mails_total',
    'Mails by what became of an attempt; dropped: MAIL is off',
    'outcome',
    () => Object.entries(figures.outcomes()),
  )
  if (!mail.isOn) return [outcomes]
  const queue = gaugesOf(
    () => findQueue(sql),
    [
      ['manas360_mails_queued', 'Mails that wait, of all instances', 'queued'],
      ['manas360_mail_oldest_queued_seconds', 'For how long the oldest of them has waited', 'oldestSeconds'],
    ],
  )
  return [
    outcomes,
    durationHistogramBy(
      'manas360_mail_delay_seconds',
      'How long delivered mails were under way since they were queued: requested by somebody, or notices',
      'kind',
      () => Object.entries(figures.delays),
      delayBounds,
    ),
    ...queue,
    gauge(
      'manas360_mail_server_failing',
      'Whether the mail server could not be used: 1 or 0',
      () => figures.state() === 'server',
    ),
    gauge(
      'manas360_mail_configuration_failing',
      'Whether SMTP_URL or MAIL_FROM was not accepted: 1 or 0',
      () => figures.state() === 'configuration',
    ),
  ]
}
