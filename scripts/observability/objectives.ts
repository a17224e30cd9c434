/** The service's objectives over 30 days, and how violations are counted. docs/runbook.md has the reasons. */
export type Objective = {
  /** The label `slo`, and the prefix of the alerts' names. */
  name: string
  title: string
  target: number
} & (
  | {
      kind: 'events'
      /**
       * Selectors whose counters' increases are added: all requests, and the bad ones. `WINDOW` stands for the range.
       */
      total: string
      bad: string
    }
  | {
      kind: 'time'
      /** 1 while the objective is violated, else 0. */
      bad: string
    }
)

const job = 'job="manas360"'
const gated = `${job}, route=~"/v1/.+", route!~"/v1/auth/.+|/v1/billing/webhooks/.+"`
const signIn = `${job}, route=~"/v1/auth/.+", method="POST"`
const requests = (selector: string) => `sum(increase(manas360_http_requests_total{${selector}}[WINDOW]))`
const durations = (selector: string) => `sum(increase(http_request_duration_seconds_count{${selector}}[WINDOW]))`
const within = (selector: string, le: string) =>
  `sum(increase(http_request_duration_seconds_bucket{${selector}, le="${le}"}[WINDOW]))`
/** 0 where the series does not exist yet. */
const orNone = (expression: string) => `(${expression} or vector(0))`

export const objectives: Objective[] = [
  {
    name: 'Availability',
    title: 'requests behind a token are answered without a fault of ours',
    target: 0.999,
    kind: 'events',
    total: requests(gated),
    bad: requests(`${gated}, status="5xx"`),
  },
  {
    name: 'Latency',
    title: 'requests behind a token are answered within 250 ms',
    target: 0.99,
    kind: 'events',
    total: durations(`${gated}, status!="5xx"`),
    bad: `(${durations(`${gated}, status!="5xx"`)} - ${within(`${gated}, status!="5xx"`, '0.25')})`,
  },
  {
    name: 'SignIn',
    title: 'registering, logging in and refreshing are answered within a second, without a fault of ours',
    target: 0.995,
    kind: 'events',
    total: durations(signIn),
    bad: `(${durations(signIn)} - ${orNone(within(`${signIn}, status!="5xx"`, '1'))})`,
  },
  {
    name: 'Freshness',
    title: 'instances know every change of rights that is older than 3 s',
    target: 0.999,
    kind: 'time',
    bad: `avg(manas360_change_feed_age_seconds{${job}} > bool 3)`,
  },
  {
    name: 'MailDelivery',
    title: 'mails that somebody asked for reach the mail server within 5 minutes',
    target: 0.99,
    kind: 'events',
    total: `(sum(increase(manas360_mail_delay_seconds_count{${job}, kind="requested"}[WINDOW])) + sum(increase(manas360_mails_total{${job}, outcome="failed"}[WINDOW])))`,
    bad: `(sum(increase(manas360_mail_delay_seconds_count{${job}, kind="requested"}[WINDOW])) - sum(increase(manas360_mail_delay_seconds_bucket{${job}, kind="requested", le="300"}[WINDOW])) + sum(increase(manas360_mails_total{${job}, outcome="failed"}[WINDOW])))`,
  },
  {
    name: 'BillingInbox',
    title: 'payment events are dealt with within 5 minutes',
    target: 0.995,
    kind: 'time',
    bad: `max(manas360_billing_oldest_queued_seconds{${job}} > bool 300)`,
  },
]
