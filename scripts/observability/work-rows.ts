import type { Row } from './panels.ts'
import { all, quantile, quantiles, rate } from './queries.ts'

/** Background work, and the process. */
export const workRows: Row[] = [
  {
    title: 'Mail',
    panels: [
      {
        title: 'Mails by what became of an attempt',
        unit: 'ops',
        queries: { '{{outcome}}': `sum by (outcome) (${rate('manas360_mails_total')})` },
      },
      { title: 'Queue of all instances', unit: 'short', queries: { mails: `max(manas360_mails_queued{${all}})` } },
      {
        title: 'The oldest has waited',
        unit: 'dtdurations',
        queries: { oldest: `max(manas360_mail_oldest_queued_seconds{${all}})` },
      },
      {
        title: 'From request to mail server',
        unit: 's',
        queries: quantiles('manas360_mail_delay_seconds', 'kind="requested"'),
      },
      {
        title: 'Server',
        unit: 'bool_yes_no',
        queries: {
          'fails {{instance}}': `manas360_mail_server_failing{${all}}`,
          'refuses us {{instance}}': `manas360_mail_configuration_failing{${all}}`,
        },
      },
    ],
  },
  {
    title: 'Billing',
    panels: [
      {
        title: 'Calls to providers',
        unit: 'ops',
        queries: {
          '{{provider}} {{outcome}}': `sum by (provider, outcome) (${rate('manas360_billing_provider_calls_total')}) > 0`,
        },
      },
      {
        title: 'How long they take',
        unit: 's',
        queries: {
          '{{provider}}, 95 % within': quantile(0.95, 'manas360_billing_provider_call_seconds', '', 'provider, le'),
        },
      },
      {
        title: 'Inbox of all instances',
        unit: 'short',
        queries: {
          waiting: `max(manas360_billing_events_queued{${all}})`,
          'given up': `max(manas360_billing_events_failed{${all}})`,
        },
      },
      {
        title: 'The oldest event has waited',
        unit: 'dtdurations',
        queries: { oldest: `max(manas360_billing_oldest_queued_seconds{${all}})` },
      },
    ],
  },
  {
    title: 'Webhooks',
    panels: [
      {
        title: 'Attempts by what came of them',
        unit: 'ops',
        queries: { '{{outcome}}': `sum by (outcome) (${rate('manas360_webhook_attempts_total')})` },
      },
      {
        title: 'Deliveries and endpoints, of all instances',
        unit: 'short',
        queries: {
          waiting: `max(manas360_webhook_deliveries_queued{${all}})`,
          'endpoints that fail': `max(manas360_webhook_endpoints_failing{${all}})`,
          'endpoints disabled': `max(manas360_webhook_endpoints_disabled{${all}})`,
        },
      },
      {
        title: 'The oldest has been due',
        unit: 'dtdurations',
        queries: { oldest: `max(manas360_webhook_oldest_due_seconds{${all}})` },
      },
    ],
  },
  {
    title: 'Teams',
    panels: [
      {
        title: 'Teams that wait for a job, of all instances',
        unit: 'short',
        queries: {
          'too few seats': `max(manas360_teams_surplus{${all}})`,
          unsettled: `max(manas360_teams_unsettled{${all}})`,
        },
      },
      {
        title: 'The first unsettled one has waited',
        unit: 'dtdurations',
        queries: { oldest: `max(manas360_teams_oldest_unsettled_seconds{${all}})` },
      },
    ],
  },
  {
    title: 'Jobs',
    panels: [
      {
        title: 'Since the last success, in intervals',
        unit: 'short',
        queries: {
          '{{job_name}}': `(time() - max by (job_name) (manas360_job_last_success_timestamp_seconds{${all}})) / max by (job_name) (manas360_job_interval_seconds{${all}})`,
        },
      },
      {
        title: 'How long the last run took',
        unit: 's',
        queries: { '{{job_name}}': `max by (job_name) (manas360_job_last_duration_seconds{${all}})` },
      },
      {
        title: 'The last run succeeded',
        unit: 'bool_yes_no',
        queries: { '{{job_name}}': `min by (job_name) (manas360_job_last_succeeded{${all}})` },
      },
      {
        title: 'The last run ended',
        unit: 's',
        queries: { '{{job_name}}': `time() - max by (job_name) (manas360_job_last_run_timestamp_seconds{${all}})` },
      },
    ],
  },
  {
    title: 'Process',
    panels: [
      {
        title: 'Versions',
        unit: 'short',
        kind: 'stat',
        queries: { '{{version}} {{commit}}': 'count by (version, commit) (manas360_build_info{job="manas360"})' },
      },
      { title: 'Processor', unit: 'percentunit', queries: { '{{instance}}': rate('process_cpu_seconds_total') } },
      {
        title: 'Memory',
        unit: 'bytes',
        queries: {
          'resident {{instance}}': `process_resident_memory_bytes{${all}}`,
          'heap {{instance}}': `nodejs_heap_size_used_bytes{${all}}`,
        },
      },
      {
        title: 'Event loop, 99 % within',
        unit: 's',
        queries: { '{{instance}}': `nodejs_eventloop_lag_p99_seconds{${all}}` },
      },
      {
        title: 'Open files',
        unit: 'percentunit',
        queries: { '{{instance}}': `process_open_fds{${all}} / process_max_fds{${all}}` },
      },
      {
        title: 'Up for',
        unit: 'dtdurations',
        queries: { '{{instance}}': `time() - process_start_time_seconds{${all}}` },
      },
      {
        title: 'Spans of traces',
        unit: 'ops',
        queries: {
          '{{outcome}}': `sum by (outcome) (${rate('manas360_trace_spans_total')})`,
          waiting: `sum(manas360_trace_spans_waiting{${all}})`,
        },
      },
    ],
  },
]
