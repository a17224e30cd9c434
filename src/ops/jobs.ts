import type { Actor } from '../access/actor.ts'
import { authorise } from '../access/hierarchy.ts'
import { job } from '../audit/actor.ts'
import type { Slice } from '../http/output/page.ts'
import { readJobRuns, readRunningJobs } from '../jobs/runner.ts'
import type { OpsDeps } from './deps.ts'

/** The jobs by name, each with its last run and whether it is running now, in any instance. */
export async function readJobs({ sql, jobs }: OpsDeps, { limit, after }: Slice<[string]>) {
  const page = jobs
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .filter(({ name }) => after === null || name > after[0])
    .slice(0, limit)
  const [runs, running] = await Promise.all([
    readJobRuns({ sql }),
    readRunningJobs(
      sql,
      page.map(({ name }) => name),
    ),
  ])
  return page.map(({ name, everySeconds, slow = false }) => {
    const run = runs.find((candidate) => candidate.name === name)
    return { name, everySeconds, slow, running: running.includes(name), lastRun: run ? toRunBody(run) : null }
  })
}

/** Starts a job; it runs on after the answer. @throws AppError `not-found`, `overloaded` */
export function startJob({ jobRunner, audit }: OpsDeps, actor: Actor, name: string): Promise<'started' | 'running'> {
  return jobRunner.start(name, async (tx) => {
    await authorise(tx, actor.principal, 'settings.manage')
    await audit.record(tx, actor, 'job.run', job(name))
  })
}

const toRunBody = ({ name: _, ...run }: Awaited<ReturnType<typeof readJobRuns>>[number]) => run
