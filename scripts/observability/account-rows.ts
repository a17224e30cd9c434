import type { Row } from './panels.ts'
import { all, quantiles, rate } from './queries.ts'

/** Sign-ins and rights. */
export const accountRows: Row[] = [
  {
    title: 'Sign-in',
    panels: [
      {
        title: 'Requests to /v1/auth',
        unit: 'reqps',
        queries: {
          '{{route}} {{status}}': `sum by (route, status) (${rate('manas360_http_requests_total', 'route=~"/v1/auth/.+"')}) > 0`,
        },
      },
      {
        title: 'How long they take',
        unit: 's',
        queries: quantiles('http_request_duration_seconds', 'route=~"/v1/auth/.+"'),
      },
      { title: 'Argon2: waiting', unit: 's', queries: quantiles('manas360_argon2_wait_seconds') },
      { title: 'Argon2: hashing', unit: 's', queries: quantiles('manas360_argon2_hash_seconds') },
      {
        title: 'Argon2: queue',
        unit: 'short',
        queries: { running: `sum(manas360_argon2_running{${all}})`, waiting: `sum(manas360_argon2_waiting{${all}})` },
      },
      {
        title: 'Lockouts',
        unit: 'short',
        queries: { '{{counter}}': `sum by (counter) (increase(manas360_lockouts_total{${all}}[$__rate_interval]))` },
      },
      {
        title: 'Passkeys',
        unit: 'ops',
        queries: {
          '{{purpose}} {{outcome}}': `sum by (purpose, outcome) (${rate('manas360_passkey_responses_total')}) > 0`,
        },
      },
      {
        title: 'Other providers',
        unit: 'ops',
        queries: {
          '{{provider}} {{outcome}}': `sum by (provider, outcome) (${rate('manas360_identity_provider_returns_total')})`,
          '{{provider}} {{state}}': `sum by (provider, state) (manas360_identity_provider_requests{${all}})`,
        },
      },
    ],
  },
  {
    title: 'Rights, limits and quotas',
    panels: [
      {
        title: 'Age of what is known of changes',
        unit: 's',
        queries: { '{{instance}}': `manas360_change_feed_age_seconds{${all}}` },
        about: 'It saws between 0 and 2; above 10 administration is refused.',
      },
      {
        title: 'Accounts whose rights changed while tokens live',
        unit: 'short',
        queries: { '{{instance}}': `manas360_overlay_entries{${all}}` },
      },
      { title: 'Catalogue', unit: 'short', queries: { '{{instance}}': `manas360_catalogue_version{${all}}` } },
      {
        title: 'Over a limit',
        unit: 'reqps',
        queries: {
          '{{tier}}': `sum by (tier) (${rate('manas360_rate_limit_hits_total')})`,
          '{{tier}} uncounted': `sum by (tier) (${rate('manas360_rate_limit_uncounted_total')})`,
        },
      },
      {
        title: 'Redis',
        unit: 'short',
        queries: {
          'up {{instance}}': `manas360_redis_up{${all}}`,
          losses: `sum(increase(manas360_redis_losses_total{${all}}[$__rate_interval]))`,
        },
      },
      {
        title: 'Leases of quotas',
        unit: 'short',
        queries: {
          held: `sum(manas360_quota_leases{${all}})`,
          'asked for, a second': `sum(${rate('manas360_quota_lease_requests_total')})`,
          'refused, a second': `sum(${rate('manas360_quota_refusals_total')})`,
        },
      },
      {
        title: 'API keys',
        unit: 'short',
        queries: {
          remembered: `sum(manas360_api_keys_remembered{${all}})`,
          'looked up, a second': `sum(${rate('manas360_api_key_look_ups_total')})`,
        },
      },
    ],
  },
]
