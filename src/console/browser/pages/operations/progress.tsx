import { QuotedText } from '../../parts/quoted-text.tsx'
import { useFormat } from '../../shell/format.ts'
import { useOperationsTexts } from './texts.ts'

/** Work that is retried until it succeeds or is given up. */
type Tried = { status: string; attempts: number; lastError: string | null; dueAt: string; endedAt: string | null }

/** The state of such work: status, next attempt or end, number of attempts, and last error. */
export function Progress({ of: one, label }: { of: Tried; label: string }) {
  const t = useOperationsTexts()
  const format = useFormat()
  const { status, attempts, lastError, dueAt, endedAt } = one
  const due = () => (Date.parse(dueAt) > Date.now() ? format.ago(dueAt) : t.due)
  const when = status === 'queued' ? t.nextTry(due()) : endedAt && format.ago(endedAt)
  return (
    <>
      <span class={status === 'failed' ? 'state bad' : 'state'}>{label}</span>
      {lastError !== null && <QuotedText key="said" text={lastError} />}
      <span class="hint">{[when, t.attempts(format.number(attempts))].filter(Boolean).join(' · ')}</span>
    </>
  )
}
