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
    'Mails by outcome: sent, postponed (the attempt is repeated), failed (given up) or dropped (MAIL is off)',
    'outcome',
    () => Object.entries(figures.outcomes()),
  )
  if (!mail.isOn) return [outcomes]
  const queue = gaugesOf(
    () => findQueue(sql),
    [
      ['manas360_mails_queued', 'Mails that wait to be sent, of all instances', 'queued'],
      [
        'manas360_mail_oldest_queued_seconds',
        'Seconds since the oldest waiting mail was queued; 0 if none waits',
        'oldestSeconds',
      ],
    ],
  )
  return [
    outcomes,
    durationHistogramBy(
      'manas360_mail_delay_seconds',
      'Seconds from queueing a mail to its delivery to the mail server, by kind: requested (by a person) or notice',
      'kind',
      () => Object.entries(figures.delays),
      delayBounds,
    ),
    ...queue,
    gauge(
      'manas360_mail_server_failing',
      '1 if the last mail failed because the mail server did not answer or refused service, else 0',
      () => figures.state() === 'server',
    ),
    gauge(
      'manas360_mail_configuration_failing',
      '1 if the mail server last refused SMTP_URL or MAIL_FROM, else 0',
      () => figures.state() === 'configuration',
    ),
  ]
}
