import type { Deps } from '../deps.ts'

type Job = { name: string; everySeconds: number; run: (deps: Deps) => Promise<unknown> }

/** Work that is due by the clock. Each is an SQL function too, for pg_cron. */
const jobs: Job[] = [
  { name: 'forget_successors', everySeconds: 5, run: ({ sql }) => once(sql, 'forget_successors') },
  { name: 'refresh_views', everySeconds: 300, run: ({ sql }) => once(sql, 'refresh_views') },
  { name: 'purge_expired', everySeconds: 3_600, run: ({ sql }) => once(sql, 'purge_expired') },
]

/** Runs the jobs in this process, each in one instance at a time. Returns what stops them. */
export function startJobs(deps: Deps): () => void {
  if (deps.config.jobs !== 'inline') return () => {}
  const timers = jobs.map((job) => {
    const timer = setInterval(() => {
      job.run(deps).catch((error) => deps.log.warn({ err: error, job: job.name }, 'job failed; it runs again at its time'))
    }, job.everySeconds * 1000)
    timer.unref()
    return timer
  })
  return () => timers.forEach(clearInterval)
}

/** Calls a maintenance function, unless another instance is at it: the lock ends with the transaction. */
function once(sql: Deps['sql'], name: string): Promise<unknown> {
  return sql.begin(async (tx) => {
    const [row] = await tx<{ mine: boolean }[]>`select pg_try_advisory_xact_lock(hashtext(${`job ${name}`})) as mine`
    if (row?.mine) await tx`select ${tx(name)}()`
  })
}
