import type { AuditEntry, AuditState } from '@manas360/client'
import { useEffect, useRef, useState } from 'hono/jsx/dom'
import type { EditablePages } from '../../calls/use-pages.ts'
import type { Filter } from './filter.ts'
import { readTrail } from './reads.ts'
import { notShown, perPage, withNew } from './with-new.ts'

type TailOptions = { isOn: boolean; state: AuditState | null; filter: Filter; list: EditablePages<AuditEntry> }
/** How many came last, and when. `isMore`: so many that the list began anew. */
type Came = { count: number; isMore: boolean; at: string }

/**
 * Adds to the list what is new, where the state of the trail says that something is. Asking for the state is not recorded;
 * a reading is, so that nothing is read while nothing happens.
 */
export function useTail({ isOn, state, filter, list }: TailOptions): { came: Came | null; failure: unknown } {
  const [{ came, failure }, setTold] = useState<{ came: Came | null; failure: unknown }>({ came: null, failure: null })
  const key = JSON.stringify(filter)
  const seen = useRef('')
  const isReading = useRef(false)
  const latest = useRef({ key, list })
  latest.current = { key, list }
  useEffect(() => {
    seen.current = ''
    setTold({ came: null, failure: null })
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
          const fresh = notShown(now.list.pages, items)
          // All of a whole page: what lies between it and what is shown is not known.
          const isMore = fresh.length === perPage
          if (isMore) now.list.reload()
          else now.list.edit((pages) => withNew(pages, items))
          seen.current = newest
          const told = fresh.length > 0 ? { count: fresh.length, isMore, at: new Date().toISOString() } : null
          setTold((before) => ({ came: told ?? before.came, failure: null }))
        },
        (error: unknown) => {
          if (latest.current?.key === key) setTold((before) => ({ ...before, failure: error }))
        },
      )
      .finally(() => {
        isReading.current = false
      })
  }, [isOn, state, list.isCurrent])
  return { came, failure }
}
