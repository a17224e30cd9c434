import { useState } from 'hono/jsx/dom'
import { readApi } from '../../../calls/call-api.ts'
import { useCatalogue } from '../../../calls/catalogue.ts'
import { client } from '../../../calls/client.ts'
import { usePages } from '../../../calls/use-pages.ts'
import { ListBody } from '../../../parts/list-body.tsx'
import { More } from '../../../parts/more.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Heading } from '../../../shell/heading.tsx'
import { useRoute } from '../../../shell/router.tsx'
import { usePeopleTexts } from '../texts.ts'
import { Filters, sorts } from './filters.tsx'
import { Invite } from './invite.tsx'
import { peopleCache } from './people-cache.ts'
import { Rows } from './rows.tsx'

/** The largest page of the service. */
const perPage = '100'
const statuses = ['invited', 'active', 'locked'] as const

/** All people that match the filters; further pages load while scrolling. */
export function PeopleList() {
  const t = usePeopleTexts()
  const format = useFormat()
  const { query } = useRoute()
  const catalogue = useCatalogue()
  const [isInviting, setInviting] = useState(false)
  const asked = {
    q: query.q,
    role: query.role,
    plan: query.plan,
    status: statuses.find((one) => one === query.status),
    sort: sorts.find((one) => one === query.sort),
  }
  const key = JSON.stringify(asked)
  const restored = peopleCache.useCached(key)
  const list = usePages(
    key,
    (cursor) =>
      readApi(() =>
        client.v1.admin.users.$get({ query: { ...defined(asked), limit: perPage, ...(cursor && { cursor }) } }),
      ),
    restored,
  )
  peopleCache.useCaching(list, restored)
  const count = list.pages.reduce((sum, page) => sum + page.length, 0)
  return (
    <div>
      <Heading text={t.title}>
        <button type="button" onClick={() => setInviting(true)}>
          {t.invite}
        </button>
      </Heading>
      <Filters catalogue={catalogue.data} />
      <p class="hint" role="status">
        {list.isCurrent ? t.shown(format.number(count), list.hasMore) : ''}
      </p>
      <ListBody list={list}>
        {count > 0 && <Rows key={list.answers} pages={list.pages} isRestored={restored?.key === list.answers} />}
      </ListBody>
      <More list={list} isAutomatic />
      {isInviting && (
        <Invite key="invite" catalogue={catalogue.data} onClose={() => setInviting(false)} onDone={list.reload} />
      )}
    </div>
  )
}

function defined<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Boolean(value))) as {
    [K in keyof T]?: NonNullable<T[K]>
  }
}
