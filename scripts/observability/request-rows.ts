import type { Row } from './panels.ts'
import { all, quantile, quantiles, rate, served } from './queries.ts'

/** Requests, and the database behind them. */
export const requestRows: Row[] = [
  {
    title: 'Objectives',
    panels: [
      {
        title: 'Error budget left of 30 days',
        unit: 'percentunit',
        kind: 'stat',
        queries: { '{{slo}}': 'slo:budget_remaining:ratio' },
        about: 'Below 0: the objective is broken. See docs/runbook.md.',
      },
      {
        title: 'Share that broke the objective, by the hour',
        unit: 'percentunit',
        queries: { '{{slo}}': 'slo:error_ratio:1h' },
      },
      {
        title: 'Alerts',
        unit: 'short',
        queries: { '{{alertname}}': 'sum by (alertname) (ALERTS{alertstate="firing"})' },
      },
    ],
  },
  {
    title: 'Requests',
    panels: [
      {
        title: 'Requests by status',
        unit: 'reqps',
        queries: { '{{status}}': `sum by (status) (${rate('manas360_http_requests_total', served)})` },
      },
      {
        title: 'Routes with most requests',
        unit: 'reqps',
        queries: {
          '{{method}} {{route}}': `topk(10, sum by (method, route) (${rate('manas360_http_requests_total', served)}))`,
        },
      },
      {
        title: 'Share of 5xx by route',
        unit: 'percentunit',
        queries: {
          '{{method}} {{route}}': `topk(10, sum by (method, route) (${rate('manas360_http_requests_total', 'status="5xx"')}) / sum by (method, route) (${rate('manas360_http_requests_total')}) > 0)`,
        },
      },
      { title: 'How long answers take', unit: 's', queries: quantiles('http_request_duration_seconds', served) },
      {
        title: 'Slowest routes, 95 % within',
        unit: 's',
        queries: {
          '{{method}} {{route}}': `topk(10, ${quantile(0.95, 'http_request_duration_seconds', served, 'method, route, le')})`,
        },
      },
      {
        title: 'Problems by code',
        unit: 'reqps',
        queries: { '{{code}}': `topk(15, sum by (code) (${rate('manas360_problems_total')}) > 0)` },
      },
      {
        title: 'Streams by how they ended',
        unit: 'ops',
        queries: { '{{outcome}}': `sum by (outcome) (${rate('manas360_streams_total')})` },
      },
    ],
  },
  {
    title: 'Database',
    panels: [
      {
        title: 'Checks of /ready',
        unit: 'bool_yes_no',
        queries: { '{{instance}} {{check}}': `manas360_ready{${all}}` },
      },
      {
        title: 'Statements',
        unit: 'ops',
        queries: {
          sent: `sum(${rate('manas360_database_statements_total')})`,
          slow: `sum(${rate('manas360_database_slow_statements_total')})`,
        },
      },
      {
        title: 'How long answers of PostgreSQL take',
        unit: 's',
        queries: quantiles('manas360_database_answer_seconds'),
      },
      { title: 'Waiting for a connection', unit: 's', queries: quantiles('manas360_database_wait_seconds') },
      {
        title: 'Connections',
        unit: 'short',
        queries: {
          'in use': `sum(manas360_database_connections_in_use{${all}})`,
          awaited: `sum(manas360_database_connections_awaited{${all}})`,
          most: `sum(manas360_database_connections_max{${all}})`,
        },
      },
      {
        title: 'Connections given up',
        unit: 'short',
        queries: { '{{instance}}': `increase(manas360_database_pool_replacements_total{${all}}[$__rate_interval])` },
      },
      {
        title: 'Replica',
        unit: 's',
        queries: {
          'age {{instance}}': `manas360_replica_age_seconds{${all}}`,
          'used {{instance}}': `manas360_replica_used{${all}}`,
          'repeated on the primary': `sum(${rate('manas360_replica_fallbacks_total')})`,
        },
      },
    ],
  },
]
