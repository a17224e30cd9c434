import { Select } from '../../parts/select.tsx'
import { setQuery, useRoute } from '../../shell/router.tsx'
import { useOperationsTexts } from './texts.ts'

/** The status in the query, valid or not; `failed` without one; undefined for all. */
export function useStatus(): string | undefined {
  const { query } = useRoute()
  return query.status === 'all' ? undefined : (query.status ?? 'failed')
}

/** The choice of the status. */
export function StatusFilter<S extends string>({
  statuses,
  names,
}: {
  statuses: readonly S[]
  names: Record<S, string>
}) {
  const t = useOperationsTexts()
  return (
    <Select
      label={t.status}
      name="status"
      chosen={useStatus() ?? 'all'}
      choices={[...statuses.map((value) => ({ value, text: names[value] })), { value: 'all', text: t.every }]}
      onChoose={(status) => setQuery({ status })}
    />
  )
}
