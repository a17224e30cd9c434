import type { Registry } from 'prom-client'
import { version } from '../config/version.ts'
import type { Database } from '../db/database.ts'
import type { Deps } from '../deps.ts'
import type { JobRun } from '../jobs/queries.ts'
import { readJobRuns } from '../jobs/runner.ts'
import { openDurations } from './durations.ts'

/** One registry for each instance; made at the first scrape, for the library costs start-up time. */
const registries = new WeakMap<Database, Promise<Registry>>()

/** Everything in the text format that Prometheus reads. No label tells of a person: routes are patterns, never paths. */
export async function readMetrics(deps: Deps): Promise<{ body: string; contentType: string }> {
  const opening = registries.get(deps.db) ?? openRegistry(deps)
  registries.set(deps.db, opening)
  const registry = await opening
  return { body: await registry.metrics(), contentType: registry.contentType }
}

async function openRegistry(deps: Deps): Promise<Registry> {
  const { collectDefaultMetrics, Counter, Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  // Gauges with the name of a counter, which the linter of Prometheus refuses; each is told by kind under another name.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`)

  type Sample = [labels: Record<string, string>, value: number]
  /** Read when asked for: what is counted elsewhere is not counted twice. */
  function counter(name: string, help: string, labelNames: string[], read: () => Sample[]): void {
    new Counter({
      name: `manas360_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const [labels, value] of read()) this.inc(labels, value)
      },
    })
  }
  function gauge(name: string, help: string, labelNames: string[], read: () => Sample[] | Promise<Sample[]>): void {
    new Gauge({
      name: `manas360_${name}`,
      help,
      labelNames,
      registers,
      async collect() {
        const samples = await read()
        this.reset()
        for (const [labels, value] of samples) this.set(labels, value)
      },
    })
  }
  const single = (value: number): Sample[] => [[{}, value]]

  gauge('build_info', 'The program that runs', ['version', 'commit'], () => [
    [{ version: version.version, commit: version.commit }, 1],
  ])

  const { traffic, limits, redis, replica, db, passwords, recentChanges, catalogue, feed, apiKeys, leases, config } =
    deps
  counter('http_requests_total', 'Answers by route and class of status', ['method', 'route', 'status'], () =>
    traffic
      .requests()
      .filter(({ count }) => count > 0)
      .map(({ method, route, statusClass, count }) => [{ method, route, status: statusClass }, count]),
  )
  openDurations(registry, await import('prom-client'), traffic)
  counter('streams_total', 'Answers that were made while they were read, by how they ended', ['outcome'], () =>
    [...traffic.streams()].map(([outcome, count]) => [{ outcome }, count]),
  )
  counter('problems_total', 'Refusals and errors by code', ['code'], () =>
    [...traffic.problems()].map(([code, count]) => [{ code }, count]),
  )
  counter('lockouts_total', 'Lockouts begun, by whose failures were counted', ['counter'], () =>
    [...traffic.lockouts()].map(([counter, count]) => [{ counter }, count]),
  )
  counter('rate_limit_hits_total', 'Requests over the limit of a tier', ['tier'], () =>
    Object.entries(limits).flatMap(([tier, counted]) => (counted ? [[{ tier }, counted.hits()]] : [])),
  )
  counter(
    'rate_limit_uncounted_total',
    'Requests that a tier could not count: global and api let them pass, the others refused them',
    ['tier'],
    () => Object.entries(limits).flatMap(([tier, counted]) => (counted ? [[{ tier }, counted.uncounted()]] : [])),
  )
  if (redis) {
    gauge('redis_up', 'Whether Redis answered last: 1 or 0', [], () => single(redis.isUp() ? 1 : 0))
    counter('redis_losses_total', 'How often Redis was lost', [], () => single(redis.losses()))
  }

  counter('database_statements_total', 'Statements sent', [], () => single(db.stats().queries))
  counter('database_slow_statements_total', 'Statements over DB_SLOW_QUERY_MS', [], () =>
    single(db.stats().slowQueries),
  )
  counter('database_pool_replacements_total', 'Connections given up, for no answer came in time', [], () =>
    single(db.stats().recycles),
  )
  gauge('database_connections_in_use', 'Statements and transactions under way', [], () => single(db.stats().inUse))
  gauge('database_connections_awaited', 'Statements and transactions that wait for their turn', [], () =>
    single(db.stats().waiting),
  )
  if (replica) {
    gauge('replica_used', 'Whether the replica is fit to be read from: 1 or 0', [], () =>
      single(replica.status() === 'used' ? 1 : 0),
    )
    gauge('replica_age_seconds', 'How old what it says may be', [], () => single(replica.ageMs() / 1000))
    counter('replica_fallbacks_total', 'Reads that failed there and were done on the primary', [], () =>
      single(replica.fallbacks()),
    )
  }
  gauge('database_connections_max', 'DB_POOL_MAX', [], () => single(config.poolMax))

  gauge('argon2_running', 'Passwords being hashed', [], () => single(passwords.stats().running))
  gauge('argon2_waiting', 'Passwords that wait to be hashed', [], () => single(passwords.stats().waiting))

  gauge('overlay_entries', 'Accounts whose rights changed while tokens live', [], () => single(recentChanges.size))
  gauge('api_keys_remembered', 'API keys held in memory', [], () => single(apiKeys.stats().remembered))
  counter('api_key_look_ups_total', 'API keys looked up in the database', [], () => single(apiKeys.stats().lookUps))
  gauge('quota_leases', 'Accounts of whose monthly quota units are held here', [], () => single(leases.stats().held))
  counter('quota_lease_requests_total', 'Units asked for in the database', [], () => single(leases.stats().refills))
  counter('quota_refusals_total', 'API-key requests refused, for the monthly quota was used up', [], () =>
    single(leases.stats().refusals),
  )
  gauge('catalogue_version', 'The catalogue that guards go by', [], () => single(catalogue.current.version))
  gauge('change_feed_age_seconds', 'Since changes of rights were read', [], () => single(feed.ageMs() / 1000))

  let runs: Promise<JobRun[]> | undefined
  /** Read once for a scrape, whose gauges are all collected at once; without a database there are none. */
  const readRuns = (): Promise<JobRun[]> => {
    runs ??= readJobRuns(db)
      .catch(() => [])
      .finally(() => {
        runs = undefined
      })
    return runs
  }
  async function ofJobs(sample: (run: JobRun) => Sample | null): Promise<Sample[]> {
    return (await readRuns()).flatMap((run) => {
      const found = sample(run)
      return found ? [found] : []
    })
  }
  const seconds = (date: Date) => date.getTime() / 1000
  gauge('job_last_run_timestamp_seconds', 'When a job ended last', ['job'], () =>
    ofJobs(({ name, finishedAt }) => [{ job: name }, seconds(finishedAt)]),
  )
  gauge('job_last_success_timestamp_seconds', 'When it succeeded last', ['job'], () =>
    ofJobs(({ name, succeededAt }) => succeededAt && [{ job: name }, seconds(succeededAt)]),
  )
  gauge('job_last_duration_seconds', 'How long its last run took', ['job'], () =>
    ofJobs(({ name, milliseconds }) => [{ job: name }, milliseconds / 1000]),
  )
  gauge('job_last_succeeded', 'Whether its last run succeeded: 1 or 0', ['job'], () =>
    ofJobs(({ name, outcome }) => [{ job: name }, outcome === 'succeeded' ? 1 : 0]),
  )
  return registry
}
