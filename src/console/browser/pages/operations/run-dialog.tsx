import type { Job } from '@manas360/client'
import { callApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { notify } from '../../shell/notices.tsx'
import { watchRun } from './job-states.ts'
import { readJobs } from './read-jobs.ts'
import { useOperationsTexts } from './texts.ts'
import type { OperationsTexts } from './texts-en.ts'

/** Jobs that delete or erase, irreversibly. */
const destructive: readonly string[] = [
  'archive-audit',
  'end-surplus-seats',
  'erase-inactive',
  'erase-invited',
  'purge-expired',
]

/** The description of a job; of one that this console does not know, a general one. */
export const jobTextOf = ({ jobTexts, unknownJob }: OperationsTexts, name: string): string =>
  Object.entries(jobTexts).find(([known]) => known === name)?.[1] ?? unknownJob

/** Runs a job outside its schedule, and watches for its end. */
export function RunDialog({ job, changed, onClose }: { job: Job; changed: () => void; onClose: () => void }) {
  const t = useOperationsTexts()
  const { name, slow } = job
  return (
    <ActionDialog
      title={`${t.run}: ${name}`}
      consequences={[jobTextOf(t, name), ...t.runText, ...(slow ? [t.slow] : [])]}
      submit={t.run}
      danger={destructive.includes(name)}
      onClose={onClose}
      onSubmit={async () => {
        const before = (await readJobs()).find((one) => one.name === name)
        const { status } = await callApi(() => client.v1.admin.jobs[':name'].run.$post({ param: { name } }))
        if (status === 'started') watchRun(name, before)
        notify(status === 'started' ? t.begun(name) : t.ranAlready(name))
        changed()
      }}
    />
  )
}
