import type { Job } from '@manas360/client'
import { useEffect, useState } from 'hono/jsx/dom'
import { useAnswer } from '../../calls/use-answer.ts'
import { useRefreshed } from '../../calls/use-refreshed.ts'
import { Problem } from '../../parts/problem.tsx'
import { QuotedText } from '../../parts/quoted-text.tsx'
import { Table } from '../../parts/table.tsx'
import { useFormat } from '../../shell/format.ts'
import { useTexts } from '../../shell/texts.ts'
import { nextRunOf, reportEnds, runningMs } from './job-states.ts'
import { readJobs } from './read-jobs.ts'
import { jobTextOf, RunDialog } from './run-dialog.tsx'
import { useOperationsTexts } from './texts.ts'

const everyMs = 15_000
/** The interval of polling while a job runs. */
const whileRunningMs = 1_500

/** The jobs with their last and next runs, refreshed while the page is visible. */
export function Jobs() {
  const t = useOperationsTexts()
  const shared = useTexts()
  const format = useFormat()
  const [opened, setOpened] = useState<Job | null>(null)
  const answer = useAnswer('jobs', readJobs)
  const jobs = answer.data
  const isAnyRunning = jobs?.some(({ name, running }) => running || runningMs(name) !== null) ?? false
  useRefreshed(answer.refresh, isAnyRunning ? whileRunningMs : everyMs)
  useEffect(() => {
    if (jobs) reportEnds(jobs, t, format)
  }, [jobs])
  return (
    <section class="card">
      <h2>{t.tabs.jobs}</h2>
      <Problem failure={answer.failure} retry={answer.reload} />
      {!jobs && answer.isLoading && <p key="loading">{shared.loading}</p>}
      {jobs && (
        <Table
          key="jobs"
          isWorked
          label={t.tabs.jobs}
          columns={[
            { title: t.job },
            { title: t.result },
            { title: t.ended },
            { title: t.took, isNumber: true },
            { title: t.next },
            { title: t.action },
          ]}
          rows={jobs.map((job) => ({
            key: job.name,
            cells: [
              <NameCell key="name" job={job} />,
              <Result key="result" job={job} />,
              job.lastRun ? format.ago(job.lastRun.finishedAt) : '–',
              job.lastRun ? format.duration(job.lastRun.milliseconds) : '–',
              <Next key="next" job={job} />,
              job.running ? (
                t.running
              ) : (
                <button type="button" key="run" aria-label={`${t.run}: ${job.name}`} onClick={() => setOpened(job)}>
                  {t.run}
                </button>
              ),
            ],
          }))}
        />
      )}
      {opened && <RunDialog key={opened.name} job={opened} changed={answer.reload} onClose={() => setOpened(null)} />}
    </section>
  )
}

function NameCell({ job: { name } }: { job: Job }) {
  const t = useOperationsTexts()
  return (
    <>
      <code>{name}</code>
      <span class="hint">{jobTextOf(t, name)}</span>
    </>
  )
}

function Result({ job: { name, running, lastRun } }: { job: Job }) {
  const t = useOperationsTexts()
  const format = useFormat()
  if (running) {
    const ms = runningMs(name)
    return <span class="state">{ms === null ? t.running : t.runningFor(format.duration(ms))}</span>
  }
  if (!lastRun) return <span class="state">{t.neverRan}</span>
  const hasFailed = lastRun.outcome === 'failed'
  return (
    <>
      <span class={hasFailed ? 'state bad' : 'state'}>{t.outcomes[lastRun.outcome]}</span>{' '}
      {lastRun.detail !== null && <QuotedText key="detail" text={lastRun.detail} />}
      {hasFailed && lastRun.succeededAt !== null && (
        <span class="hint" key="succeeded">
          {t.succeededLast(format.ago(lastRun.succeededAt))}
        </span>
      )}
    </>
  )
}

function Next({ job }: { job: Job }) {
  const t = useOperationsTexts()
  const format = useFormat()
  const next = nextRunOf(job)
  return (
    <>
      {next ? format.ago(next) : t.due}
      <span class="hint">{`${t.interval} ${format.duration(job.everySeconds * 1000)}`}</span>
    </>
  )
}
