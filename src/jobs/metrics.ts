import type { Job } from '../db/job.ts'
import type { Db } from '../db/types.ts'
import type { Metric, Sample } from '../metrics/metric.ts'
import { findJobRuns, type JobRun } from './queries.ts'

/** The last run of each job and its outcome, read from the database; without a database there are no samples. */
export function jobMetrics({ sql, jobs }: { sql: Db; jobs: readonly Job[] }): Metric[] {
  let reading: Promise<JobRun[]> | undefined
  /** Read once for each scrape, which collects all gauges together. */
  const read = (): Promise<JobRun[]> => {
    reading ??= findJobRuns(sql)
      .catch(() => [])
      .finally(() => {
        reading = undefined
      })
    return reading
  }
  const gaugeOf = (name: string, help: string, value: (run: JobRun) => number | null): Metric => ({
    kind: 'gauge',
    name: `manas360_job_${name}`,
    help,
    labels: ['job_name'],
    read: async () =>
      (await read()).flatMap((run): Sample[] => {
        const found = value(run)
        return found === null ? [] : [[{ job_name: run.name }, found]]
      }),
  })
  const seconds = (date: Date) => date.getTime() / 1000
  return [
    {
      kind: 'gauge',
      name: 'manas360_job_interval_seconds',
      help: 'Scheduled seconds between two runs of a job, by job',
      labels: ['job_name'],
      read: () => jobs.map(({ name, everySeconds }): Sample => [{ job_name: name }, everySeconds]),
    },
    gaugeOf(
      'last_run_timestamp_seconds',
      'Unix time of the end of the last run of a job on any instance, by job',
      ({ finishedAt }) => seconds(finishedAt),
    ),
    gaugeOf(
      'last_success_timestamp_seconds',
      'Unix time of the end of the last successful run of a job on any instance, by job',
      ({ succeededAt }) => succeededAt && seconds(succeededAt),
    ),
    gaugeOf(
      'last_duration_seconds',
      'Seconds that the last run of a job took, by job',
      ({ milliseconds }) => milliseconds / 1000,
    ),
    gaugeOf('last_succeeded', '1 if the last run of a job succeeded, else 0, by job', ({ outcome }) =>
      Number(outcome === 'succeeded'),
    ),
  ]
}
