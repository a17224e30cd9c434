import type { Catalogue } from '@manas360/client'
import { useEffect, useRef } from 'hono/jsx/dom'
import { Field } from '../../../parts/field.tsx'
import { Select } from '../../../parts/select.tsx'
import { setQuery, useRoute } from '../../../shell/router.tsx'
import { usePeopleTexts } from '../texts.ts'

/** The pause after the last key before a search begins. */
const pauseMs = 250
export const sorts = ['-createdAt', 'createdAt', 'email', '-email', '-lastLoginAt', 'lastLoginAt'] as const

/** The filters of the list. They are in the query, so that a link shows the same. */
export function Filters({ catalogue }: { catalogue: Catalogue | null }) {
  const t = usePeopleTexts()
  const { query } = useRoute()
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const cancel = () => {
    if (timer.current) clearTimeout(timer.current)
  }
  useEffect(() => cancel, [])
  const search = (text: string) => {
    cancel()
    timer.current = setTimeout(() => setQuery({ q: text.trim() || null }), pauseMs)
  }
  const all = { value: '', text: t.all }
  const named = (items: readonly { name: string; displayName?: string }[] = []) => [
    all,
    ...items.map(({ name, displayName = name }) => ({ value: name, text: displayName })),
  ]
  return (
    <search class="filters" key={catalogue ? 'with-catalogue' : 'without'}>
      <Field
        label={t.search}
        name="q"
        type="search"
        inputmode="search"
        maxlength={100}
        initial={query.q}
        onInput={(event: Event) => search((event.currentTarget as HTMLInputElement).value)}
      />
      <Select
        label={t.status}
        name="status"
        chosen={query.status}
        choices={[
          all,
          ...(['active', 'locked', 'invited'] as const).map((value) => ({ value, text: t.statuses[value] })),
        ]}
        onChoose={(status) => setQuery({ status })}
      />
      <Select
        label={t.role}
        name="role"
        chosen={query.role}
        choices={named(catalogue?.roles)}
        onChoose={(role) => setQuery({ role })}
      />
      <Select
        label={t.plan}
        name="plan"
        chosen={query.plan}
        choices={named(catalogue?.plans)}
        onChoose={(plan) => setQuery({ plan })}
      />
      <Select
        label={t.sort}
        name="sort"
        chosen={query.sort}
        choices={sorts.map((value) => ({ value, text: t.sorts[value] }))}
        onChoose={(sort) => setQuery({ sort })}
      />
    </search>
  )
}
