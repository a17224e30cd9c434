import { readJobRuns, runJobNow, UnknownJobError } from '../jobs/runner.ts'
import type { OpenDeps } from '../services.ts'
import { type Invocation, withDeps } from './command.ts'

/** `jobs`: lists them, or runs one now. */
export async function runJobs(invocation: Invocation): Promise<number> {
  const [verb, name, ...rest] = invocation.args
  const { print } = invocation
  if (rest.length > 0 || (verb !== undefined && verb !== 'run') || (verb === 'run' && !name)) {
    print('Usage: jobs, or jobs run NAME')
    return 64
  }
  return withDeps(invocation, async (deps) => {
    if (name) return runJob(deps, name, print)
    const runs = new Map((await readJobRuns(deps)).map((run) => [run.name, run]))
    for (const { name, everySeconds } of deps.jobs) {
      const run = runs.get(name)
      const last = run && `${run.outcome} at ${run.finishedAt.toISOString()}, ${Math.round(run.milliseconds)} ms`
      print(`${name.padEnd(18)} every ${everySeconds} s`.padEnd(40) + (last ?? 'never ran'))
    }
    return 0
  })
}

async function runJob(deps: OpenDeps, name: string, print: Invocation['print']): Promise<number> {
  try {
    const result = await runJobNow(deps, name)
    print(`${name}: ${result === null ? 'another instance is at it' : `done ${JSON.stringify(result)}`}`)
    return 0
  } catch (error) {
    if (!(error instanceof UnknownJobError)) throw error
    print(error.message)
    return 64
  }
}
