/** What Prometheus had scraped (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/), and when it is judged. */
export type Case = { series: Record<string, string>; at: string; interval?: string }
/** An alert fires in one case and is silent in the others, which lie close to it. */
export type AlertCase = { fires: Case; silent: Case[] }

const instance = (name: string) => `job="manas360", instance="${name}:3000"`
const a = instance('a')
const b = instance('b')
const gauge = (metric: string, more = '', labels = a) => `${metric}{${[labels, more].filter(Boolean).join(', ')}}`

const at = (time: string, series: Record<string, string>, interval?: string): Case => ({ series, at: time, interval })
/** A gauge that holds one value, then perhaps another. */
const held = (value: number, minutes = 60) => `${value}+0x${minutes}`
/** A counter that grows by so much each interval. */
const growing = (by: number, intervals = 120) => `0+${by}x${intervals}`

const ready = (check: string, value: number, labels = a) => ({
  [gauge('manas360_ready', `check="${check}"`, labels)]: held(value),
})
/** A histogram of which a share lies above a bound, in seconds. */
const above = (metric: string, bound: string, share: number, perMinute = 600) => ({
  [gauge(`${metric}_bucket`, `le="${bound}"`)]: growing(perMinute * (1 - share)),
  [gauge(`${metric}_bucket`, 'le="10"')]: growing(perMinute),
  [gauge(`${metric}_bucket`, 'le="+Inf"')]: growing(perMinute),
})

export const alertCases: Record<string, AlertCase> = {
  NoInstanceAnswers: {
    fires: at('3m', { [gauge('up')]: held(0), [gauge('up', '', b)]: held(0) }),
    silent: [at('3m', { [gauge('up')]: held(0), [gauge('up', '', b)]: held(1) })],
  },
  InstanceDown: {
    fires: at('5m', { [gauge('up')]: held(0), [gauge('up', '', b)]: held(1) }),
    silent: [at('5m', { [gauge('up')]: '0 0 1+0x60' })],
  },
  InstanceRestarts: {
    fires: at('25m', { [gauge('process_start_time_seconds')]: '100x4 400x4 700x4 1000x20' }),
    silent: [at('25m', { [gauge('process_start_time_seconds')]: '100x4 400x30' })],
  },
  VersionsDiffer: {
    fires: at('70m', {
      [gauge('manas360_build_info', 'version="1", commit="x"')]: held(1, 120),
      [gauge('manas360_build_info', 'version="2", commit="y"', b)]: held(1, 120),
    }),
    silent: [
      at('30m', {
        [gauge('manas360_build_info', 'version="1", commit="x"')]: held(1, 120),
        [gauge('manas360_build_info', 'version="2", commit="y"', b)]: held(1, 120),
      }),
      at('70m', {
        [gauge('manas360_build_info', 'version="1", commit="x"')]: held(1, 120),
        [gauge('manas360_build_info', 'version="1", commit="x"', b)]: held(1, 120),
      }),
    ],
  },
  InternalErrors: {
    fires: at('15m', { [gauge('manas360_problems_total', 'code="internal-error"')]: '0x10 1x60' }),
    silent: [at('15m', { [gauge('manas360_problems_total', 'code="not-found"')]: growing(5) })],
  },
  EventLoopBlocked: {
    fires: at('10m', { [gauge('nodejs_eventloop_lag_p99_seconds')]: held(0.4) }),
    silent: [at('10m', { [gauge('nodejs_eventloop_lag_p99_seconds')]: '0.4 0.4 0.01+0x60' })],
  },
  MemoryHigh: {
    fires: at('20m', { [gauge('process_resident_memory_bytes')]: held(4.5e8) }),
    silent: [at('20m', { [gauge('process_resident_memory_bytes')]: held(3e8) })],
  },
  FileDescriptorsLow: {
    fires: at('10m', { [gauge('process_open_fds')]: held(900), [gauge('process_max_fds')]: held(1_000) }),
    silent: [at('10m', { [gauge('process_open_fds')]: held(700), [gauge('process_max_fds')]: held(1_000) })],
  },
  DatabaseUnreachable: {
    fires: at('3m', { ...ready('database', 0), ...ready('database', 1, b) }),
    silent: [at('3m', { ...ready('database', 1), ...ready('writes', 0) })],
  },
  DatabaseNotWritable: {
    fires: at('3m', { ...ready('database', 1), ...ready('writes', 0) }),
    // Unknown, for the database does not answer at all: that is another alert.
    silent: [at('3m', { ...ready('database', 0), ...ready('writes', 0) })],
  },
  SchemaDiffers: {
    fires: at('8m', { ...ready('database', 1), ...ready('migrations', 0) }),
    silent: [at('8m', { ...ready('database', 0), ...ready('migrations', 0) })],
  },
  DatabaseConnectionsScarce: {
    fires: at('15m', above('manas360_database_wait_seconds', '0.25', 0.1)),
    silent: [at('15m', above('manas360_database_wait_seconds', '0.25', 0.02))],
  },
  DatabaseAnswersSlow: {
    fires: at('20m', above('manas360_database_answer_seconds', '0.25', 0.1)),
    silent: [at('20m', above('manas360_database_answer_seconds', '0.25', 0.02))],
  },
  DatabaseConnectionsGivenUp: {
    fires: at('12m', { [gauge('manas360_database_pool_replacements_total')]: growing(1) }),
    silent: [at('12m', { [gauge('manas360_database_pool_replacements_total')]: '0x5 2x60' })],
  },
  ReplicaUnused: {
    fires: at('15m', { [gauge('manas360_replica_used')]: held(0) }),
    silent: [at('15m', { [gauge('manas360_replica_used')]: '0x5 1x60' })],
  },
  RightsFeedStale: {
    fires: at('3m', {
      [gauge('manas360_change_feed_age_seconds')]: '1 12 30 60 90 120',
      [gauge('manas360_change_feed_age_seconds', '', b)]: held(1),
    }),
    silent: [at('3m', { [gauge('manas360_change_feed_age_seconds')]: held(4) })],
  },
  CatalogueDiffers: {
    fires: at('5m', {
      [gauge('manas360_catalogue_version')]: held(7),
      [gauge('manas360_catalogue_version', '', b)]: held(8),
    }),
    silent: [
      at('5m', {
        [gauge('manas360_catalogue_version')]: '7 8x60',
        [gauge('manas360_catalogue_version', '', b)]: '8x60',
      }),
    ],
  },
  RedisLost: {
    fires: at('3m', { [gauge('manas360_redis_up')]: held(0), [gauge('manas360_redis_up', '', b)]: held(1) }),
    silent: [at('3m', { [gauge('manas360_redis_up')]: held(1) })],
  },
  PasswordQueueLong: {
    fires: at('12m', above('manas360_argon2_wait_seconds', '1', 0.2)),
    silent: [at('12m', above('manas360_argon2_wait_seconds', '1', 0.01))],
  },
  SignInsRefused: {
    fires: at('25m', { [gauge('manas360_problems_total', 'code="invalid-credentials"')]: growing(200) }),
    silent: [
      at('25m', { [gauge('manas360_problems_total', 'code="invalid-credentials"')]: growing(60) }),
      at('25m', { [gauge('manas360_problems_total', 'code="not-found"')]: growing(600) }),
    ],
  },
  LockoutsSurge: {
    fires: at('20m', { [gauge('manas360_lockouts_total', 'counter="email"')]: growing(3) }),
    silent: [at('20m', { [gauge('manas360_lockouts_total', 'counter="email"')]: growing(1) })],
  },
  PasskeyCopied: {
    fires: at('20m', { [gauge('manas360_passkey_responses_total', 'purpose="mfa", outcome="copied"')]: '0x5 1x60' }),
    silent: [
      at('20m', { [gauge('manas360_passkey_responses_total', 'purpose="mfa", outcome="refused"')]: growing(1) }),
    ],
  },
  MailConfigurationRefused: {
    fires: at('3m', { [gauge('manas360_mail_configuration_failing')]: held(1) }),
    silent: [at('3m', { [gauge('manas360_mail_configuration_failing')]: held(0) })],
  },
  MailServerFailing: {
    fires: at('15m', {
      [gauge('manas360_mail_server_failing')]: held(1),
      [gauge('manas360_mail_server_failing', '', b)]: held(1),
    }),
    // One instance alone cannot reach it: the others send.
    silent: [
      at('15m', {
        [gauge('manas360_mail_server_failing')]: held(1),
        [gauge('manas360_mail_server_failing', '', b)]: held(0),
      }),
      at('8m', { [gauge('manas360_mail_server_failing')]: held(1) }),
    ],
  },
  MailQueueOld: {
    fires: at('15m', { [gauge('manas360_mail_oldest_queued_seconds')]: '7000+60x60' }),
    silent: [at('15m', { [gauge('manas360_mail_oldest_queued_seconds')]: held(900) })],
  },
  MailsFail: {
    fires: at('50m', {
      [gauge('manas360_mails_total', 'outcome="failed"')]: growing(1),
      [gauge('manas360_mails_total', 'outcome="sent"')]: growing(3),
    }),
    silent: [
      at('50m', {
        [gauge('manas360_mails_total', 'outcome="failed"')]: growing(1),
        [gauge('manas360_mails_total', 'outcome="sent"')]: growing(30),
      }),
    ],
  },
  BillingEventsStuck: {
    fires: at('20m', { [gauge('manas360_billing_oldest_queued_seconds')]: '300+60x60' }),
    silent: [at('20m', { [gauge('manas360_billing_oldest_queued_seconds')]: held(120) })],
  },
  BillingEventsGivenUp: {
    fires: at('10m', { [gauge('manas360_billing_events_failed')]: held(1) }),
    silent: [at('10m', { [gauge('manas360_billing_events_failed')]: held(0) })],
  },
  PaymentProviderFails: {
    fires: at('20m', {
      [gauge('manas360_billing_provider_calls_total', 'provider="stripe", outcome="unavailable"')]: growing(3),
      [gauge('manas360_billing_provider_calls_total', 'provider="stripe", outcome="answered"')]: growing(1),
    }),
    silent: [
      at('20m', {
        [gauge('manas360_billing_provider_calls_total', 'provider="stripe", outcome="unavailable"')]: growing(1),
        [gauge('manas360_billing_provider_calls_total', 'provider="stripe", outcome="answered"')]: growing(5),
      }),
      // A refusal is an answer.
      at('20m', {
        [gauge('manas360_billing_provider_calls_total', 'provider="stripe", outcome="refused"')]: growing(3),
      }),
    ],
  },
  WebhookDeliveriesLate: {
    fires: at('20m', { [gauge('manas360_webhook_oldest_due_seconds')]: held(1_000) }),
    silent: [at('20m', { [gauge('manas360_webhook_oldest_due_seconds')]: held(300) })],
  },
  TeamsUnsettled: {
    fires: at('20m', { [gauge('manas360_teams_oldest_unsettled_seconds')]: held(1_000) }),
    silent: [at('20m', { [gauge('manas360_teams_oldest_unsettled_seconds')]: held(300) })],
  },
  JobFails: {
    fires: at('20m', { [gauge('manas360_job_last_succeeded', 'job_name="purge-expired"')]: held(0) }),
    silent: [at('20m', { [gauge('manas360_job_last_succeeded', 'job_name="purge-expired"')]: '0x5 1x60' })],
  },
  JobOverdue: {
    fires: at('20m', {
      [gauge('manas360_job_last_success_timestamp_seconds', 'job_name="seal-audit"')]: held(0),
      [gauge('manas360_job_interval_seconds', 'job_name="seal-audit"')]: held(5),
    }),
    silent: [
      at('20m', {
        [gauge('manas360_job_last_success_timestamp_seconds', 'job_name="purge-expired"')]: held(0),
        [gauge('manas360_job_interval_seconds', 'job_name="purge-expired"')]: held(86_400),
      }),
    ],
  },
  TracesLost: {
    fires: at('60m', { [gauge('manas360_trace_spans_total', 'outcome="dropped"')]: growing(10) }),
    silent: [
      at('60m', {
        [gauge('manas360_trace_spans_total', 'outcome="failed"')]: '0x5 512x120',
        [gauge('manas360_trace_spans_total', 'outcome="exported"')]: growing(100),
      }),
    ],
  },
  ...burning('Availability', 0.999, (share, perInterval) => ({
    [gauge('manas360_http_requests_total', 'method="GET", route="/v1/me", status="2xx"')]: growing(
      perInterval * (1 - share),
      70,
    ),
    [gauge('manas360_http_requests_total', 'method="GET", route="/v1/me", status="5xx"')]: growing(
      perInterval * share,
      70,
    ),
    // Not behind a token: other objectives.
    [gauge('manas360_http_requests_total', 'method="POST", route="/v1/auth/login", status="5xx"')]: growing(
      perInterval,
      70,
    ),
    [gauge('manas360_http_requests_total', 'method="GET", route="/ready", status="5xx"')]: growing(perInterval, 70),
  })),
  ...burning('Latency', 0.99, (share, perInterval) => ({
    [gauge('http_request_duration_seconds_count', 'route="/v1/me", status="2xx"')]: growing(perInterval, 70),
    [gauge('http_request_duration_seconds_bucket', 'route="/v1/me", status="2xx", le="0.25"')]: growing(
      perInterval * (1 - share),
      70,
    ),
  })),
  ...burning('SignIn', 0.995, (share, perInterval) => ({
    [gauge('http_request_duration_seconds_count', 'method="POST", route="/v1/auth/login", status="2xx"')]: growing(
      perInterval * (1 - share),
      70,
    ),
    [gauge('http_request_duration_seconds_bucket', 'method="POST", route="/v1/auth/login", status="2xx", le="1"')]:
      growing(perInterval * (1 - share), 70),
    [gauge('http_request_duration_seconds_count', 'method="POST", route="/v1/auth/login", status="5xx"')]: growing(
      perInterval * share,
      70,
    ),
    [gauge('http_request_duration_seconds_bucket', 'method="POST", route="/v1/auth/login", status="5xx", le="1"')]:
      growing(perInterval * share, 70),
  })),
  ...burning('MailDelivery', 0.99, (share, perInterval) => ({
    [gauge('manas360_mail_delay_seconds_count', 'kind="requested"')]: growing(perInterval, 70),
    [gauge('manas360_mail_delay_seconds_bucket', 'kind="requested", le="300"')]: growing(perInterval * (1 - share), 70),
    [gauge('manas360_mails_total', 'outcome="failed"')]: growing(0, 70),
  })),
  ...burning('Freshness', 0.999, (share) => ({
    [gauge('manas360_change_feed_age_seconds')]: partly(share > 0.005, 1, 9),
  })),
  ...burning('BillingInbox', 0.995, (share) => ({
    [gauge('manas360_billing_oldest_queued_seconds')]: partly(share > 0.02, 0, 900),
  })),
}

/** A gauge that is bad at every fourth look, or never. */
function partly(isBad: boolean, good: number, bad: number): string {
  return Array.from({ length: 70 }, (_, i) => (isBad && i % 4 === 0 ? bad : good)).join(' ')
}

/**
 * An objective's two alerts: shares of failures somewhat above and below what they tell. What is bad for a day at a few times the
 * rate that uses up the budget is no reason to wake anybody.
 */
function burning(
  name: string,
  target: number,
  series: (share: number, perInterval: number) => Record<string, string>,
): Record<string, AlertCase> {
  const budget = 1 - target
  return {
    [`${name}BudgetBurnsFast`]: {
      fires: at('65m', series(Math.min(1, budget * 40), 600)),
      silent: [at('65m', series(budget * 2, 600))],
    },
    [`${name}BudgetBurnsSlowly`]: {
      fires: at('30h', series(budget * 8, 18_000), '30m'),
      silent: [at('30h', series(budget * 0.5, 18_000), '30m')],
    },
  }
}
