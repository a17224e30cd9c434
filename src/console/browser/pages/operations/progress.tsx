import { Said } from '../../parts/said.tsx'
import { useFormat } from '../../shell/format.ts'
import { useOperationsTexts } from './texts.ts'

/** What is tried until it succeeds or its time is over. */
type Tried = { status: string; attempts: number; lastError: string | null; dueAt: string; endedAt: string | null }

/** How far it is: its state, when it is tried next or was ended, how often it was tried, and what was said last. */
export function Progress({ of: one, label }: { of: Tried; label: string }) {
  const t = useOperationsTexts()
  const format = useFormat()
  const { status, attempts, lastError, dueAt, endedAt } = one
  const due = () => (Date.parse(dueAt) > Date.now() ? format.ago(dueAt) : t.due)
  const when = status === 'queued' ? t.nextTry(due()) : endedAt && format.ago(endedAt)
  return (
    <>
      <span class={status === 'failed' ? 'state bad' : 'state'}>{label}</span>
      {lastError !== null && <Said key="said" text={lastError} />}
      <span class="hint">{[when, t.attempts(format.number(attempts))].filter(Boolean).join(' · ')}</span>
    </>
  )
}
