import type { AuditEntry } from '@manas360/client'
import { useEffect } from 'hono/jsx/dom'
import { askPatiently } from '../../calls/ask.ts'
import { client } from '../../calls/client.ts'
import { fieldErrors } from '../../calls/failure.ts'
import { type ListPage, usePages } from '../../calls/use-pages.ts'
import { More } from '../../parts/more.tsx'
import { useFormat } from '../../shell/format.ts'
import { Heading } from '../../shell/heading.tsx'
import { usePlace } from '../../shell/router.tsx'
import { OpenEntry } from './entry-dialog.tsx'
import { type Filter, filterOf } from './filter.ts'
import { Filters } from './filters.tsx'
import { openEntry } from './opened.ts'
import { Rows } from './rows.tsx'
import { useAuditTexts } from './texts.ts'

/** As many as the service gives at once. */
const perPage = '100'

/** Everybody's trail, newest first, as the filters say. */
export function Audit() {
  const t = useAuditTexts()
  const format = useFormat()
  const { query } = usePlace()
  const filter = filterOf(query)
  const key = JSON.stringify(filter)
  const list = usePages(key, (cursor) => readTrail(filter, cursor))
  const count = list.pages.reduce((sum, page) => sum + page.length, 0)
  useEffect(() => () => openEntry(null), [])
  return (
    <div>
      <Heading text={t.title} />
      <Filters errors={fieldErrors(list.failure)} />
      <p class="hint" role="status">
        {list.isCurrent ? t.shown(format.number(count), list.hasMore) : ''}
      </p>
      <div aria-busy={list.isCurrent ? undefined : 'true'} class={list.isCurrent ? undefined : 'overtaken'}>
        {count > 0 && <Rows key={key} pages={list.pages} />}
      </div>
      <More list={list} isAutomatic />
      <OpenEntry entries={list.pages.flat()} />
    </div>
  )
}

/** A page of it. That it is read stands in the trail itself. */
async function readTrail(filter: Filter, cursor: string | null): Promise<ListPage<AuditEntry>> {
  const query = { ...filter, limit: perPage, ...(cursor && { cursor }) }
  const answer = await askPatiently(() => client.v1.admin['audit-logs'].$get({ query }))
  // A stream where another format is asked for; here it is a list.
  return typeof answer === 'string' ? { items: [], nextCursor: null } : answer
}
