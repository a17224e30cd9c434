import { streamApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { UnreachableError } from '../../../calls/failure.ts'
import { session } from '../../../session/session.ts'
import { createStore } from '../../../store.ts'
import type { Filter } from '../filter.ts'
import { type OpenFile, openFile } from './file.ts'
import { type End, type Written, writeLines } from './write-lines.ts'

export const formats = ['ndjson', 'csv'] as const
export type ExportFormat = (typeof formats)[number]
export type Exporting =
  | { kind: 'none' | 'cancelled' }
  | { kind: 'under-way'; format: ExportFormat; so: Written }
  | { kind: 'ended'; format: ExportFormat; end: End; name: string }
  | { kind: 'refused'; failure: unknown }

/** The export in progress, one at a time. It continues while other pages are shown. */
export const exporting = createStore<Exporting>({ kind: 'none' })

const types = { ndjson: 'application/x-ndjson', csv: 'text/csv' }
/** Reads are aborted after this time without data; the service closes an unread stream sooner. */
const silentMs = 150_000
const shownEveryMs = 250

let cancelling: AbortController | null = null

/** Aborts the export in progress; what was written remains. */
export function cancelExport(): void {
  cancelling?.abort()
}

session.subscribe(() => {
  if (session.get().kind === 'signed-in') return
  cancelExport()
  exporting.set({ kind: 'none' })
})

/**
 * Begins an export of the entries that match the filter. Must be called from a click, because the browser asks for the
 * file.
 */
export async function beginExport(filter: Filter, format: ExportFormat): Promise<void> {
  if (cancelling) return
  const controller = new AbortController()
  cancelling = controller
  try {
    exporting.set(await run(filter, format, controller))
  } catch (failure) {
    exporting.set(controller.signal.aborted ? { kind: 'cancelled' } : { kind: 'refused', failure })
  } finally {
    cancelling = null
  }
}

async function run(filter: Filter, format: ExportFormat, controller: AbortController): Promise<Exporting> {
  const file = await openFile(fileName(format), types[format])
  if (!file) return { kind: 'none' }
  const silence = new AbortController()
  const signal = AbortSignal.any([controller.signal, silence.signal])
  let timer = setTimeout(() => silence.abort(), silentMs)
  try {
    exporting.set({ kind: 'under-way', format, so: { lines: 0, bytes: 0 } })
    const query = { ...filter, format }
    const stream = await streamApi(() => client.v1.admin['audit-logs'].$get({ query }, { init: { signal } }))
    let shownAt = Number.NEGATIVE_INFINITY
    const end = await writeLines(stream, file, (so) => {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), silentMs)
      if (performance.now() - shownAt < shownEveryMs) return
      shownAt = performance.now()
      exporting.set({ kind: 'under-way', format, so })
    })
    if (controller.signal.aborted) throw new Error('cancelled')
    if (end.how === 'broken' && end.bytes === 0) throw new UnreachableError('nothing came')
    return { kind: 'ended', format, ...(await closed(file, end)) }
  } catch (error) {
    await file.discard().catch(() => {})
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Closes the file, which may still fail. */
async function closed(file: OpenFile, end: End): Promise<{ end: End; name: string }> {
  const isWhole = end.how === 'whole'
  const isKept =
    end.how !== 'unwritten' &&
    (await file.keep(isWhole).then(
      () => true,
      () => false,
    ))
  if (!isKept) await file.discard().catch(() => {})
  return { end: isKept ? end : { ...end, how: 'unwritten' }, name: file.name(isWhole || !isKept) }
}

function fileName(format: ExportFormat): string {
  const now = new Date().toISOString().slice(0, 19).replaceAll(':', '')
  return `manas360-audit-${now}Z.${format}`
}
