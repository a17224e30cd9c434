import type { AuditEntry, AuditState } from '@manas360/client'
import { useEffect, useRef, useState } from 'hono/jsx/dom'
import type { EditablePages } from '../../calls/use-pages.ts'
import type { Filter } from './filter.ts'
import { listUnshown, mergeEntries, perPage } from './merge-entries.ts'
import { readTrail } from './reads.ts'

type TailOptions = { isOn: boolean; state: AuditState | null; filter: Filter; list: EditablePages<AuditEntry> }
/** How many entries were added last, and when. `isMore`: more than a page, so that the list was loaded again. */
type Added = { count: number; isMore: boolean; at: string }

/**
 * Adds new entries to the list when the state of the trail shows that there are any. Reads of the state are not
 * recorded in the trail, reads of entries are; so without new entries nothing is recorded.
 */
export function useTail({ isOn, state, filter, list }: TailOptions): { added: Added | null; failure: unknown } {
  const [{ added, failure }, setResult] = useState<{ added: Added | null; failure: unknown }>({
    added: null,
    failure: null,
  })
  const key = JSON.stringify(filter)
  const seen = useRef('')
  const isReading = useRef(false)
  const latest = useRef({ key, list })
  latest.current = { key, list }
  useEffect(() => {
    seen.current = ''
    setResult({ added: null, failure: null })
  }, [isOn, key])
  useEffect(() => {
    const newest = state?.newestEntry
    if (!isOn || !newest || !list.isCurrent || isReading.current || seen.current === newest) return
    isReading.current = true
    readTrail(filter, null)
      .then(
        ({ items }) => {
          const now = latest.current
          if (now?.key !== key) return
          const fresh = listUnshown(now.list.pages, items)
          // A whole page is new: entries between it and the ones shown may be missing.
          const isMore = fresh.length === perPage
          if (isMore) now.list.reload()
          else now.list.edit((pages) => mergeEntries(pages, items))
          seen.current = newest
          const latestAdded = fresh.length > 0 ? { count: fresh.length, isMore, at: new Date().toISOString() } : null
          setResult((before) => ({ added: latestAdded ?? before.added, failure: null }))
        },
        (error: unknown) => {
          if (latest.current?.key === key) setResult((before) => ({ ...before, failure: error }))
        },
      )
      .finally(() => {
        isReading.current = false
      })
  }, [isOn, state, list.isCurrent])
  return { added, failure }
}
