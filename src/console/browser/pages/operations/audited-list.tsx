import type { Child } from 'hono/jsx'
import { useEffect, useRef } from 'hono/jsx/dom'
import type { Pages } from '../../calls/use-pages.ts'
import { ListBody } from '../../parts/list-body.tsx'
import { More } from '../../parts/more.tsx'
import { type Column, type Row, Table } from '../../parts/table.tsx'
import { useOperationsTexts } from './texts.ts'

type AuditedListProps = {
  label: string
  list: Pages<unknown>
  /** The list is loaded again when this changes; null: unknown. */
  signal: string | null
  filters: Child
  columns: readonly Column[]
  rows: readonly Row[]
}

/**
 * A list whose reads are recorded in the audit trail. It is therefore not polled, but loaded when the counts change,
 * and by a button.
 */
export function AuditedList({ label, list, signal, filters, columns, rows }: AuditedListProps) {
  const t = useOperationsTexts()
  const known = useRef(signal)
  useEffect(() => {
    const before = known.current
    known.current = signal
    if (before !== null && signal !== null && before !== signal) list.refresh()
  }, [signal])
  return (
    <section class="card">
      <h2>{label}</h2>
      <search class="filters few">{filters}</search>
      <p class="hint">
        {t.recorded} {signal === null ? '' : t.readWithCounts}{' '}
        <button type="button" class="quiet" onClick={list.reload}>
          {t.readAgain}
        </button>
      </p>
      <ListBody list={list}>
        {rows.length > 0 && <Table key="rows" isWorked label={label} columns={columns} rows={rows} />}
      </ListBody>
      <More list={list} />
    </section>
  )
}

/** A text that changes with the counts of this filter's items. */
export function signalOf(
  status: string | undefined,
  counts: { queued: number; failed: number } | undefined,
): string | null {
  if (!counts) return null
  return status === 'failed' ? String(counts.failed) : `${counts.queued} ${counts.failed}`
}
