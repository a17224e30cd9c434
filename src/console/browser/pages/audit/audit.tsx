import type { AuditEntry } from '@manas360/client'
import { useEffect } from 'hono/jsx/dom'
import { fieldErrors } from '../../calls/failure.ts'
import { createListCache } from '../../calls/list-cache.ts'
import { usePages } from '../../calls/use-pages.ts'
import { ListBody } from '../../parts/list-body.tsx'
import { More } from '../../parts/more.tsx'
import { useFormat } from '../../shell/format.ts'
import { Heading } from '../../shell/heading.tsx'
import { isReturned, useRoute } from '../../shell/router.tsx'
import { OpenEntry } from './entry-dialog.tsx'
import { Export } from './export/export.tsx'
import { filterOf } from './filter.ts'
import { Filters } from './filters.tsx'
import { Follow } from './follow.tsx'
import { openEntry } from './opened.ts'
import { readTrail, useAuditState } from './reads.ts'
import { Rows } from './rows.tsx'
import { SealState } from './seal-state.tsx'
import { useAuditTexts } from './texts.ts'
import { useTail } from './use-tail.ts'

/** Intervals of polling for new entries, with the live view on and off. */
const [followedMs, restingMs] = [5_000, 60_000]

/** The list of entries, cached while the page of a person is open. */
const trailCache = createListCache<AuditEntry>()

/** The audit trail of all accounts, newest first, filtered by the query. */
export function Audit() {
  const t = useAuditTexts()
  const format = useFormat()
  const { query } = useRoute()
  const filter = filterOf(query)
  const key = JSON.stringify(filter)
  const restored = trailCache.useCached(key, isReturned())
  const list = usePages(key, (cursor) => readTrail(filter, cursor), restored)
  trailCache.useCaching(list, restored)
  const isFollowing = query.follow === 'on' && !filter.to
  const state = useAuditState(isFollowing ? followedMs : restingMs)
  const tail = useTail({ isOn: isFollowing, state: state.data, filter, list })
  const count = list.pages.reduce((sum, page) => sum + page.length, 0)
  useEffect(() => () => openEntry(null), [])
  return (
    <div>
      <Heading text={t.title} />
      <SealState answer={state} />
      <Filters errors={fieldErrors(list.failure)} />
      <Follow isOn={isFollowing} hasEnd={filter.to !== undefined} tail={tail} />
      <Export filter={filter} />
      <p class="hint" role="status">
        {list.isCurrent ? t.shown(format.number(count), list.hasMore) : ''}
      </p>
      <ListBody list={list}>
        {count > 0 && <Rows key={list.answers} pages={list.pages} isRestored={restored?.key === list.answers} />}
      </ListBody>
      <More list={list} isAutomatic />
      <OpenEntry pages={list.pages} />
    </div>
  )
}
